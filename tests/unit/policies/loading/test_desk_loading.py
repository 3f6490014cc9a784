"""Loading a desk: what comes out of a good one, and what is said of a spoiled one."""

import shutil
from pathlib import Path

import pytest

from contracts.errors import DeskError
from contracts.retrieval import Source
from policies.desk.model import Calibration
from policies.loading.load import load_desk, load_desks
from tests.paths import DESKS


def spoil(folder: Path, file: str, old: str, new: str) -> str:
    """Replace text in a file of the desk and return the error that loading it then gives."""
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(DeskError) as caught:
        load_desk(folder)
    return caught.value.detail


def test_a_good_folder_is_a_desk_named_after_it(folder: Path) -> None:
    desk = load_desk(folder)
    assert (desk.id, desk.settings.title, desk.settings.category_label) == (
        "repairs",
        "Bicycle repairs",
        "job",
    )
    assert [category.id for category in desk.categories] == ["brakes", "other"]
    assert desk.find_category("other").title == "Anything else"
    assert desk.severity_level("low").sla_hours == 72
    assert desk.find_team("workshop").escalation_path == ("master",)
    assert desk.calibration == Calibration()


def test_word_classes_are_spelled_out_in_the_signals(folder: Path) -> None:
    assert load_desk(folder).signals[0].patterns == (r"\b(?:injured|hurt)\b",)


def test_an_article_is_a_source_with_prose_and_steps(folder: Path) -> None:
    assert load_desk(folder).articles[1] == Source(
        id="opening-hours",
        kind="article",
        title="Opening hours",
        score=0.0,
        category="other",
        excerpt="We are open from nine to five. On Sundays we ride.",
        steps=("Look at the door.", "Push it, if it is open."),
        self_service=True,
    )


def test_the_calibration_is_read_when_there_is_one(folder: Path) -> None:
    (folder / "calibration.yaml").write_text(
        "category_temperature: 0.5\ntickets: 40\n", encoding="utf-8"
    )
    assert load_desk(folder).calibration == Calibration(
        category_temperature=0.5, tickets=40
    )


def test_a_copied_folder_is_another_desk(folder: Path) -> None:
    shutil.copytree(folder, folder.parent / "third")
    desks = load_desks(folder.parent)
    assert set(desks) == {"repairs", "third"}
    assert desks["third"].categories == desks["repairs"].categories


def test_a_folder_of_desks_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeskError, match=r"^nowhere: there is no such folder of desks"):
        load_desks(tmp_path / "nowhere")


def test_a_date_stays_the_text_it_is(folder: Path) -> None:
    (folder / "calibration.yaml").write_text(
        "fitted_on: 2024-02-31\n", encoding="utf-8"
    )
    assert load_desk(folder).calibration.fitted_on == "2024-02-31"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("desk.yaml", "title", "titel", "repairs/desk.yaml:1: the key 'title' is missing; add it"),
        ("desk.yaml", "title", "titel", "repairs/desk.yaml:1: titel: unknown key"),
        ("desk.yaml", "title", "version: one\ntitle", ("repairs/desk.yaml:1: version: Input "
                                                       "should be a valid integer")),
        ("desk.yaml", "title", ("max_redrafts: 1\nmax_redrafts: "
                                "2\ntitle"), "repairs/desk.yaml:2: not valid YAML: the k"),
        ("desk.yaml", "title", "[a]: b\ntitle", ("repairs/desk.yaml:1: not valid YAML: a key is "
                                                 "a plain word")),
        ("desk.yaml", "title", ("approval_hours: "
                                ".inf\ntitle"), ("repairs/desk.yaml:1: not valid YAML: a number "
                                                 "must be")),
        ("desk.yaml", "title", ("approval_hours: !!int "
                                "ten\ntitle"), "desk.yaml:1: approval_hours: Input should be"),
        ("desk.yaml", "title: B", "title: [B", "repairs/desk.yaml:2: not valid YAML"),
        ("desk.yaml", "Bicycle", "Bi\0cycle", ("repairs/desk.yaml: not valid YAML: it holds a "
                                               "control character")),
        ("desk.yaml", "other", "others", ("desk.yaml:2: fallback_category: there is no category "
                                          "'others'; use one of b")),
        ("categories.yaml", "frame_number", "frame", ("categories.yaml:7: "
                                                      "categories.0.required_fields.0: there "
                                                      "is no ")),
        ("categories.yaml", "id: other", "id: brakes", ("categories.yaml:8: categories.1: "
                                                        "brakes is there more than on")),
        ("severities.yaml", "id: low", "id: tiny", ("severities.yaml:7: severities.3.id: Input "
                                                    "should be 'critical', ")),
        ("severities.yaml", "id: low", "id: high", ("severities.yaml:4: severities: every desk "
                                                    "has four levels; add lo")),
        ("severities.yaml", "{HURT}", "{DEAD}", ("severities.yaml:9: signals.0.patterns.0: "
                                                 "there is no word class DEAD")),
        ("severities.yaml", "[injured, hurt]", "'{HURT}'", "severities.yaml:2: vocabulary.HURT: "),
        ("severities.yaml", "[injured, hurt]", ("['{B}']\n  B: "
                                                "['{HURT}']"), "severities.yaml:2: vocabulary: "),
        ("severities.yaml", "[injured, hurt]", "'(hurt'", ("severities.yaml:2: vocabulary.HURT: "
                                                           "not a regular expressi")),
        ("severities.yaml", "unless: [bell]", "resolves: [bell]", ("signals.2.resolves.0: there "
                                                                   "is no signal 'bell'; u")),
        ("severities.yaml", "squeal", "'squeal('", ("severities.yaml:11: signals.2.patterns.0: "
                                                    "not a regular expressi")),
        ("severities.yaml", "[bell]", "['*']", ("severities.yaml:11: signals.2.unless.0: not a "
                                                "regular expression")),
        ("fields.yaml", "FR-", "(FR-", "fields.yaml:2: fields.0.pattern: not a regular expression"),
        ("fields.yaml", ("pattern: "
                         "'FR-\\d{4}'"), "ask: it", ("fields.yaml:2: fields.0: a field of kind "
                                                     "pattern needs `p")),
        ("fields.yaml", (", terms: [now, "
                         "soon]"), "", ("fields.yaml:3: fields.1: a field of kind keywords "
                                        "needs `terms`")),
        ("fields.yaml", "kind: pattern", "kind: shape", ("fields.yaml:2: fields.0.kind: Input "
                                                         "should be")),
        ("routing_rules.yaml", "[master]", "[]", ("routing_rules.yaml:4: "
                                                  "teams.0.escalation_path: Tuple should have at")),
        ("routing_rules.yaml", ("fallback_team: "
                                "counter"), "fallback_team: no", ("routing_rules.yaml:1: "
                                                                  "fallback_team: I")),
        ("routing_rules.yaml", ("critical_team: "
                                "owner"), "critical_team: boss", ("routing_rules.yaml:2: "
                                                                  "critical_team: t")),
        ("routing_rules.yaml", "[brakes]", "[wheels]", ("routing_rules.yaml:4: "
                                                        "teams.0.categories.0: there is no categ")),
        ("disposition.yaml", "[brakes, other]", "[brakes, bells]", ("disposition.yaml:5: "
                                                                    "rules.0.when.category: "
                                                                    "there ")),
        ("disposition.yaml", "{max: 0}", "{min: 0}", ("disposition.yaml:6: rules.1: a grant may "
                                                      "bound amount by `max` ")),
        ("disposition.yaml", "{max: 0}", "{maximum: 0}", ("disposition.yaml:6: "
                                                          "rules.1.when.amount.maximum: "
                                                          "unknown ke")),
        ("disposition.yaml", "{max: 0}", "0", ("rules.1.when.amount: Input should be a valid "
                                               "boolean; or Input should")),
        ("replies.yaml", "within {time}", "soon", ("replies.yaml:7: tones.formal.timeline: "
                                                   "write the placeholder {time")),
        ("replies.yaml", "Good day", "Hello {name}", ("replies.yaml:5: tones.formal.greeting: "
                                                      "write no placeholder her")),
        ("replies.yaml", "{issue}.", "{issue}{.", "replies.yaml:6: tones.formal.acknowledgment: "),
        ("replies.yaml", ("  technical: "
                          "*words\n"), "", ("replies.yaml:3: tones: a customer may ask for the "
                                            "tone technic")),
        ("replies.yaml", "{brakes:", "{wheels:", ("replies.yaml:16: acknowledgments.wheels: "
                                                  "there is no category 'whee")),
        ("articles/brake-pads.md", "category: brakes", "category: bells",
         "brake-pads.md:4: category: there is no cat"),
        ("articles/brake-pads.md", "id: brake-pads", "id: pads", ("brake-pads.md:2: id: an "
                                                                  "article's id is its file's ")),
        ("articles/brake-pads.md", "title:", "headline:", ("repairs/articles/brake-pads.md:3: "
                                                           "headline: unknown key")),
        ("articles/brake-pads.md", "---\n", "", ("repairs/articles/brake-pads.md:1: an article "
                                                 "starts with a front mat")),
        ("articles/brake-pads.md", ("Worn pads are replaced while you "
                                    "wait."), "1. Wait.", "the article has no answer i"),
    ],
)  # fmt: skip
def test_a_spoiled_file_is_refused_with_file_line_and_remedy(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    assert message in spoil(folder, file, old, new)


def test_every_fault_of_a_file_is_named(folder: Path) -> None:
    detail = spoil(
        folder,
        "desk.yaml",
        "title: Bicycle repairs",
        "titel: Bicycle repairs\nmax_redrafts: -1",
    )
    assert len(detail.splitlines()) == 3


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "fields.yaml").unlink()
    with pytest.raises(
        DeskError, match=r"^repairs/fields\.yaml: the file is missing; copy it"
    ):
        load_desk(folder)


def test_an_empty_file_is_named(folder: Path) -> None:
    (folder / "fields.yaml").write_text("# nothing yet\n", encoding="utf-8")
    with pytest.raises(DeskError, match=r"^repairs/fields\.yaml:1: the file is empty"):
        load_desk(folder)


def test_a_file_in_another_encoding_is_named(folder: Path) -> None:
    (folder / "fields.yaml").write_bytes("fields: [] # für".encode("latin-1"))
    with pytest.raises(
        DeskError, match=r"^repairs/fields\.yaml: the file is not UTF-8"
    ):
        load_desk(folder)


@pytest.mark.parametrize("desk_id", ["customer_support", "internal_helpdesk"])
def test_the_shipped_desks_load(desk_id: str) -> None:
    assert load_desk(DESKS / desk_id).id == desk_id
