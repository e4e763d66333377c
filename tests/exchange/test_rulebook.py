"""Rule books: read whole, every number with its source, every fault named."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from moms.exchange.rulebook import HOME, BadRuleBook, NoSuchRuleBook, open_rule_book, read_rule_book, rule_books
from moms.outages import LeadClass
from moms.values import Level, Window
from tests.outages.builders import NOW, a_request, a_window, at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

DOCUMENT = json.loads((HOME / "miso-demo-1.json").read_text(encoding="utf-8"))


def test_the_demo_rule_book_says_what_the_definitions_say() -> None:
    book = open_rule_book("miso-demo-1")
    assert book.name == "miso-demo v1"
    assert book.study.worsened_share == 0.01
    assert (book.decision.load_at_risk_mw, book.decision.model_error_share) == (100, 0.005)
    assert (book.decision.ac_needed, book.decision.tight_share, book.decision.voltage_kv) == ((), 0.95, 345)
    assert (book.decision.alternatives, book.decision.recall_within_h) == (3, 4)
    assert book.decision.system_may_deny
    assert book.entry.lead.long_days == book.entry.exempt_days == book.decision.full_exemption_lead_days == 120


def test_every_number_has_its_source() -> None:
    book = open_rule_book("miso-demo-1")
    written = {f"{part}.{name}" for part in DOCUMENT if isinstance(DOCUMENT[part], dict) for name in DOCUMENT[part]}
    assert set(book.sources) == written
    assert all(book.sources.values())


def test_every_rule_book_that_comes_with_moms_can_be_read() -> None:
    assert "miso-demo-1" in rule_books()
    for name in rule_books():
        assert open_rule_book(name).entry.version


def test_a_rule_book_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    for name in ("pjm-9", "../miso-demo-1/x", str(tmp_path / "none.json")):
        with pytest.raises(NoSuchRuleBook, match="miso-demo-1"):
            open_rule_book(name)


def test_a_file_that_is_no_json_is_told_so(tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(BadRuleBook, match="not JSON"):
        open_rule_book(broken)


def _without_source(book: dict[str, Any]) -> None:
    book["study"]["worsened_share"] = 0.01


def _misspelt(book: dict[str, Any]) -> None:
    book["study"]["worsend_share"] = book["study"].pop("worsened_share")


def _missing(book: dict[str, Any]) -> None:
    del book["decision"]["alternatives"]


def _no_section(book: dict[str, Any]) -> None:
    del book["margin"]


def _text_for_number(book: dict[str, Any]) -> None:
    book["decision"]["load_at_risk_mw"]["value"] = "100"


def _no_such_authority(book: dict[str, Any]) -> None:
    book["decision"]["authority"]["value"][0]["authority"] = "rule"


def _rising_leads(book: dict[str, Any]) -> None:
    book["entry"]["lead"]["value"]["short_days"] = 20


def _no_such_day(book: dict[str, Any]) -> None:
    book["entry"]["peaks"]["value"][0]["first"] = "06-31"


def _backwards(book: dict[str, Any]) -> None:
    book["entry"]["blackouts"]["value"][0]["window"]["end"] = "2026-12-23T05:00Z"


def _no_offset(book: dict[str, Any]) -> None:
    book["entry"]["blackouts"]["value"][0]["window"]["end"] = "2026-12-27T05:00"


def _odd_template(book: dict[str, Any]) -> None:
    book["template"]["colour"] = {"value": 1, "source": "x"}


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (_without_source, "study.worsened_share"),
        (_misspelt, "study.worsend_share"),
        (_missing, "decision.alternatives"),
        (_no_section, "margin"),
        (_text_for_number, "decision.load_at_risk_mw"),
        (_no_such_authority, "decision.authority[0].authority"),
        (_rising_leads, "entry.lead.lead"),
        (_no_such_day, "entry.peaks[0].first"),
        (_backwards, "entry.blackouts[0].window.end"),
        (_no_offset, "entry.blackouts[0].window.end"),
        (_odd_template, "template.colour"),
    ],
)
def test_a_bad_rule_book_is_refused_with_the_place(spoil: Callable[[dict[str, Any]], None], field: str) -> None:
    book = copy.deepcopy(DOCUMENT)
    spoil(book)
    with pytest.raises(BadRuleBook) as refused:
        read_rule_book(book, name="spoilt")
    assert field in [one.field for one in refused.value.findings]


def test_all_faults_are_named_at_once() -> None:
    book = copy.deepcopy(DOCUMENT)
    for spoil in (_without_source, _missing, _no_such_day, _odd_template):
        spoil(book)
    with pytest.raises(BadRuleBook) as refused:
        read_rule_book(book, name="spoilt")
    assert len(refused.value.findings) == 4


def test_the_lead_class_is_computed_from_the_rule_book() -> None:
    lead = open_rule_book("miso-demo-1").entry.lead
    classes = [lead.class_of(start=at(text), now=NOW) for text in ("2027-06-01T00:00", "2027-02-01T00:00")]
    classes += [lead.class_of(start=at(text), now=NOW) for text in ("2027-01-10T00:00", "2027-01-05T00:00")]
    assert classes == list(LeadClass)


def test_a_peak_season_is_made_of_market_days_and_may_pass_the_year() -> None:
    summer, winter = open_rule_book("miso-demo-1").entry.peaks
    july = a_window("2027-07-01T00:00")
    assert summer.seasons(over=july) == (Window(start=at("2027-06-15T05:00"), end=at("2027-09-01T05:00")),)
    assert winter.seasons(over=a_window("2028-02-20T00:00"))[0].end == at("2028-02-29T05:00")
    assert not summer.seasons(over=a_window("2027-03-01T00:00"))


def test_the_first_notice_that_fits_is_meant() -> None:
    entry = open_rule_book("miso-demo-1").entry
    notice = entry.notice_for(a_request())
    assert notice is not None
    assert notice.level == Level.REFER
