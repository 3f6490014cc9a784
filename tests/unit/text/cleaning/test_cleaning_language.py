"""The language is found when there is enough text, and nothing is claimed when there is not."""

import pytest

from text.cleaning.language import detect_language

SENTENCES = {
    "en": [
        "My order has not arrived yet and nobody answers the phone.",
        "The application closes itself whenever I open the settings page.",
        "Could you please send me a copy of the last invoice?",
        "I would like to change the email address of my account.",
        "Refund still missing after three weeks, very disappointed.",
    ],
    "de": [
        "Meine Bestellung ist immer noch nicht angekommen, bitte prüfen.",
        "Die App stürzt ab, sobald ich die Einstellungen öffne.",
        "Könnten Sie mir bitte die letzte Rechnung noch einmal schicken?",
        "Ich komme nicht mehr in mein Konto, das Passwort geht nicht.",
        "Der Drucker im zweiten Stock meldet seit heute einen Papierstau.",
    ],
    "fr": [
        "Ma commande n'est toujours pas arrivée, que se passe-t-il ?",
        "L'application se ferme dès que j'ouvre les paramètres.",
        "Pourriez-vous me renvoyer la dernière facture, s'il vous plaît ?",
        "Je n'arrive plus à me connecter à mon compte client.",
        "Le remboursement promis il y a trois semaines manque encore.",
    ],
    "es": [
        "Mi pedido todavía no ha llegado y nadie contesta al teléfono.",
        "La aplicación se cierra cuando abro la configuración.",
        "¿Podrían enviarme una copia de la última factura, por favor?",
        "No puedo entrar en mi cuenta desde ayer por la tarde.",
        "Me han cobrado dos veces la misma suscripción este mes.",
    ],
    "it": [
        "Il mio ordine non è ancora arrivato e nessuno risponde.",
        "L'applicazione si chiude quando apro le impostazioni.",
        "Potreste inviarmi una copia dell'ultima fattura, per favore?",
        "Non riesco più ad accedere al mio account da ieri sera.",
        "Mi è stato addebitato due volte lo stesso abbonamento.",
    ],
    "pt": [
        "A minha encomenda ainda não chegou e ninguém responde.",
        "O aplicativo fecha sozinho quando abro as configurações.",
        "Poderiam enviar uma cópia da última fatura, por favor?",
        "Não consigo entrar na minha conta desde ontem à noite.",
        "Fui cobrado duas vezes pela mesma assinatura neste mês.",
    ],
    "nl": [
        "Mijn bestelling is nog steeds niet aangekomen, graag nakijken.",
        "De app sluit vanzelf af zodra ik de instellingen open.",
        "Kunt u mij een kopie van de laatste factuur sturen?",
        "Ik kan sinds gisteren niet meer inloggen op mijn account.",
        "Er is twee keer geld afgeschreven voor hetzelfde abonnement.",
    ],
    "pl": [
        "Moje zamówienie jeszcze nie dotarło i nikt nie odpowiada.",
        "Aplikacja zamyka się, kiedy otwieram ustawienia konta.",
        "Czy mogą Państwo przesłać kopię ostatniej faktury?",
        "Od wczoraj nie mogę zalogować się na swoje konto.",
        "Pobrano ode mnie dwa razy opłatę za ten sam abonament.",
    ],
    "sv": [
        "Min beställning har fortfarande inte kommit fram till mig.",
        "Appen stängs av så fort jag öppnar inställningarna.",
        "Kan ni skicka en kopia av den senaste fakturan till mig?",
        "Jag kan inte logga in på mitt konto sedan igår kväll.",
        "Ni har dragit pengar två gånger för samma prenumeration.",
    ],
    "tr": [
        "Siparişim hâlâ gelmedi ve kimse telefona cevap vermiyor.",
        "Ayarları açtığımda uygulama kendiliğinden kapanıyor.",
        "Son faturanın bir kopyasını bana gönderebilir misiniz?",
        "Dün akşamdan beri hesabıma giriş yapamıyorum.",
        "Aynı abonelik için benden iki kez ücret alındı.",
    ],
    "ru": [
        "Мой заказ до сих пор не пришёл, никто не отвечает.",
        "Приложение закрывается, когда я открываю настройки.",
        "Пришлите, пожалуйста, копию последнего счёта ещё раз.",
        "Со вчерашнего вечера не могу войти в свой аккаунт.",
        "С меня дважды списали деньги за одну подписку.",
    ],
    "ja": [
        "注文した商品がまだ届いていません。電話にも誰も出ません。至急確認をお願いできますでしょうか。",
        "設定画面を開くとアプリが勝手に終了してしまいます。どうすれば直るのか教えていただけますか。",
        "昨日の夜からアカウントにログインできません。パスワードも変更しましたが同じエラーが表示されます。",
    ],
}


@pytest.mark.parametrize("language", SENTENCES)
def test_languages(language: str) -> None:
    found = [detect_language(sentence, {"en"}) for sentence in SENTENCES[language]]
    assert [detection.language for detection in found] == [language] * len(found)
    assert {detection.supported for detection in found} == {language == "en"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "help",
        "ok thanks",
        "ORD-123",
        "Error 0x80070057",
        "12345 99887 #44",
        "NullPointerException at com.foo.Bar(Bar.java:12)",
    ],
)
def test_too_short_to_tell(text: str) -> None:
    assert detect_language(text, {"en"}) == (None, None, True)


@pytest.mark.parametrize(
    "text",
    [
        "password reset please unlock account user thanks",
        (
            "The page fails\n{code:java}\npublic void run() throws Exception {}\n{code}\nwhen I "
            "open it in the morning."
        ),
        "hi monitor request received monitor needed work virtual machine thank best regards",
    ],
)
def test_english_without_stop_words_or_with_code(text: str) -> None:
    assert detect_language(text, {"en"})[::2] == ("en", True)


def test_a_desk_that_speaks_it_supports_it() -> None:
    assert detect_language(SENTENCES["de"][0], {"en", "de"}).supported
