"""Personal data as people type it when they are in a hurry, or in scripts without spaces."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.masking import Mask, redact_text
from tests.unit.masking.test_mask import DESK


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('ask "ada byron"@example.com today', "ask [EMAIL] today"),
        (r'ask "ada \"b\" byron"@example.com today', "ask [EMAIL] today"),
        ('ask "ada byron"@[192.0.2.1] today', "ask [EMAIL] today"),
        ("ask ada@[192.0.2.1] today", "ask [EMAIL] today"),
        ("ask ada@[IPv6:2001:db8::1] today", "ask [EMAIL] today"),
        ("ask ada @ example.com today", "ask [EMAIL] today"),
    ],
)
def test_mailboxes_of_every_form_are_masked_whole(text: str, masked: str):
    assert redact_text(text, DESK) == masked
    assert Mask(DESK).mask_text(text) == masked.replace("[EMAIL]", "[EMAIL_1]")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("passwd is tulip77", "tulip77"),
        ("the pin 9034 fails", "9034"),
        ("pin number is 90 34", "90 34"),
        ("pwd: q", "q"),
        ("pwd=tulips", "tulips"),
        ("my password's tulip77", "tulip77"),
        ("my password is tulips, please help", "tulips"),
        ("my password is tul'ip77", "tul'ip77"),
        ('the password for my mailbox is "two tulips"', "two tulips"),
        ("password (temporary): tulips", "tulips"),
        ("password tulip77 does not work", "tulip77"),
        ("I changed my password to tulips", "tulips"),
        ("passphrase: two red tulips", "two red tulips"),
        ("the one-time message came, code is 512 907", "512 907"),
        ("verification text arrived: my code's 512907", "512907"),
        ("your verification code is 512 907 now", "512 907"),
        ("das Passwort ist Tulpe7", "Tulpe7"),
        ("我的密码是tulip77，谢谢", "tulip77"),
    ],
)
def test_secrets_are_masked_however_they_are_told(text: str, secret: str):
    masked = redact_text(text, DESK)

    assert "[SECRET]" in masked
    assert secret not in masked.replace("[SECRET]", "")


@pytest.mark.parametrize("text", ["pw=es’s ‘", "mdp->\t'S “", "lösenord in E=’s - ."])
def test_what_only_begins_to_tell_a_secret_can_be_read(text: str):
    assert redact_text(text, DESK)[:2] == text[:2]


@pytest.mark.parametrize(
    "text",
    [
        "my password is wrong and the pin is not accepted",
        "password: incorrect",
        "The password was changed. The token is expired",
        "password reset fails, password requirements: 8 characters",
        "Unexpected token: }",
        'open your password: <a href="x">',
        "password 24h later",
        "after the verification step the error code is 4012",
        "the status code is 4012",
        "I'm originally from here and far from happy",
        "call me tomorrow, i am happy, this is slow",
        "host name:foo",
        "driver version 31.0.15.4601 and license key ABCD-1234",
        "I have 12 licences for PRODUCT2",
        "我是新用户",
        "订单号 ORD-2024-118831 错误 0x80070057",
    ],
)
def test_what_only_speaks_of_them_stays(text: str):
    assert redact_text(text, DESK) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("hi, i am jürgen and it broke", "hi, i am [NAME] and it broke"),
        ("im tom lee writing again", "im [NAME] writing again"),
        ("my name is mary jones and it broke", "my name is [NAME] and it broke"),
        ("my name's nkechi", "my name's [NAME]"),
        ("call me tom", "call me [NAME]"),
        ("i'm nkechi udeh, from accounting", "i'm [NAME], from accounting"),
        ("tom here, it broke", "[NAME] here, it broke"),
        ("我叫王小明，我的订单没有到", "我叫[NAME]，我的订单没有到"),
        ("联系人：约翰·史密斯，", "联系人：[NAME]，"),
        ("请联系王女士", "请联系[NAME]女士"),
    ],
)
def test_names_in_small_letters_and_without_spaces(text: str, masked: str):
    assert redact_text(text, DESK) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (
            "地址：北京市朝阳区建国路88号3单元502室，电话13812345678",
            "地址：[ADDRESS]，电话[PHONE]",
        ),
        ("请寄到上海市浦东新区世纪大道100号5楼。", "请寄到[ADDRESS]。"),
        ("IP地址是203.0.113.9", "IP地址是[IP]"),
        ("卡号6222021234567890123", "卡号[CARD]"),
        ("身份证11010119900101123X谢谢", "身份证[ID]谢谢"),
        ("電話は090-1234-5678です", "電話は[PHONE]です"),
    ],
)
def test_scripts_without_spaces_hide_no_number(text: str, masked: str):
    assert redact_text(text, DESK) == masked


@pytest.mark.parametrize("length", [3, 100])
def test_an_address_is_found_behind_any_number_of_characters_without_spaces(
    length: int,
):
    assert "ada@example.com" not in redact_text("我" * length + "ada@example.com", DESK)


@pytest.mark.parametrize(
    "cue",
    [
        "licence ",
        "my license is ",
        "driver’s license: ",
        "driving permit no. ",
        "DL# ",
        "Führerschein ",
    ],
)
def test_licences_are_told_by_the_word_before_them(cue: str):
    assert redact_text(f"{cue}K41QZW7P208", DESK) == f"{cue}[ID]"
    assert redact_text("K41QZW7P208", DESK) == "K41QZW7P208"


@given(
    secret=st.from_regex(r"[a-z]{2,8}[0-9]{1,4}[a-z!#]{2,6}", fullmatch=True),
    word=st.sampled_from(["pwd", "Password"]),
)
@settings(deadline=None)
def test_no_password_passes_after_a_word_for_it(secret: str, word: str):
    for link in (" is ", ": ", "=", "'s ", " "):
        assert secret not in redact_text(f"my {word}{link}{secret} and more", DESK)
