"""The most common injections in seven more languages, written without accents.

German, French, Spanish, Italian, Portuguese, Dutch and Polish.
"""

from text.cleaning.rules.grammar import GAP, SHORT, WordRule

LANGUAGES = (
    WordRule(
        "override.other_language",
        "ignoriere ignorieren ignoriert vergiss vergessen missachte missachten ignorez ignorer "
        "oublie oubliez"
        " ignora ignorar"
        " ignoren olvida olvide olviden olvidar dimentica dimenticate ignorate ignori esqueca "
        "esquece desconsidere"
        " desconsidera negeer vergeet zignoruj ignoruj zapomnij pomin",
        rf"{GAP}(?:anweisung|instruktion|vorgabe|regeln|richtlinie|instruction|consigne|regles"
        r"|instruccion"
        rf"|indicacion|reglas"
        r"|istruzion|regole|instruc|regras|diretriz|instructie|opdracht|regels|instrukcj"
        r"|polecen|zasad|wytyczn)\w*",
    ),
    WordRule(
        "override.other_language",
        "ignore",
        r" (?:les|toutes|ces|vos|tes|las|todas|tus|sus|estas|as|suas|todo"
        rf"|tudo)\b{GAP}(?:instru|consigne|regle"
        rf"|regla|regra)\w*",
    ),
    WordRule(
        "decide.other_language",
        "klassifiziere kategorisiere klassifizieren classe classez classifie classifiez "
        "clasifica clasifique"
        " clasificar"
        " classifica classificate classifichi classifique classificeer sklasyfikuj "
        "zaklasyfikuj oznacz",
        rf"{SHORT}(?:als|comme|como|come|jako)\b",
    ),
    WordRule(
        "decide.other_language",
        (
            "setze setzen definis definissez mettez establece pon imposta impostare defina definir "
            "zet stel ustaw"
        ),
        rf"{SHORT}(?:prioritat|schweregrad|dringlichkeit|priorit[eay]|gravite|severite"
        r"|prioridad|gravedad"
        rf"|severidad|gravita"
        r"|prioridade|gravidade|prioriteit|ernst|priorytet)\b",
    ),
    WordRule(
        "decide.other_language",
        "keine ohne sans sin senza sem zonder geen bez",
        rf"{SHORT}(?:menschliche prufung|menschliche uberprufung|(?:verification|validation"
        r"|intervention"
        rf"|revue) humaine"
        r"|(?:revision|intervencion|verificacion) humana|(?:revisione|controllo|intervento"
        r"|verifica) uman\w"
        r"|revisao humana"
        r"|menselijke (?:controle|beoordeling|tussenkomst)|(?:weryfikacji|kontroli"
        r"|udzialu) czlowieka)",
    ),
    WordRule(
        "address",
        "hinweis hinweise nachricht anweisung",
        (
            rf"{SHORT}(?:an|fur) (?:die |den |alle |das )?(?:ki|automatisiert\w*|sprachmodell\w*"
            r"|bot|assistenten)\b"
        ),
    ),
    WordRule(
        "address",
        "note message nota messaggio mensaje mensagem nota notitie bericht uwaga wiadomosc",
        r" (?:a |pour |para |per |voor |aan |do |dla )(?:l'|la |las |les |los |gli |le |de |os "
        r"|as |o )?(?:ia"
        r"|intelligence artificielle|inteligencia artificial|ai|asystenta|modelu|assistente"
        r"|asistente"
        r"|systemow ai)\b",
    ),
    WordRule(
        "persona.other_language",
        "du tu vous ahora agora ora adesso je u jestes teraz",
        r" (?:(?:bist|es|etes|bent) (?:ab |vanaf )?(?:jetzt|nun|sofort|maintenant|desormais|nu)"
        r"|eres|e|voce e|tu es|sei"
        r"|teraz|jestes)\b[^.?!\n]{0,40}?\b(?:assistent|assistant|asistente|assistente|asystent"
        r"|ki|ia|ai|bot|chatbot|dan"
        r"|modell|modele|modelo|modello|model|uneingeschrankt\w*|personnage|personaje|charakter)\b",
    ),
    WordRule(
        "exfiltrate.other_language",
        "zeig zeige nenne verrate gib affiche affichez revele revelez montre montrez muestra "
        "muestrame revela revelame"
        " mostra mostrami rivela mostre toon laat geef pokaz ujawnij podaj",
        rf"{GAP}(?:system-?(?:prompt|anweisung|instru)\w*|systeem(?:prompt|instructies)"
        r"|prompt systemow\w*"
        r"|instrukcj\w+ systemow\w*|(?:prompt|instructions|instrucciones|istruzioni"
        r"|instrucoes) (?:du systeme|systeme"
        r"|del sistema|di sistema|do sistema|initiales|cachees|ocultas|nascoste))\b",
    ),
)
