"""Draw everything that Slack is ever sent to show: cards, threads, messages, forms and home tabs.

What is said comes from the sandbox's example calls, and once more from a caller who tries to do harm.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from itertools import product
from typing import Any, NamedTuple

from bot.core.cards import Picture, card, completing, forms, lists, moved, notices, thread_log, wording
from bot.core.cards.audience import summary_view
from bot.core.cards.digest import picture as digest_picture
from bot.core.cards.home import SCOPES, Bulk, Inbox, Look, bulk_form, bulk_result, home, not_for_you
from bot.core.cards.lists import Row
from bot.core.cards.mrkdwn import data
from bot.core.digest import Counted, digest
from bot.core.model import Case, CaseFile, CaseState, Kind, Money, Verdict
from bot.core.notices import Notice
from bot.core.people import EVERYTHING, Delegation, Pause
from bot.core.policy import Standing, standing_of
from tests.support.cards import EVIL, HOSTILE, NOW, earlier, entry, hostile_file
from tests.support.kinds import SHIPPED
from tools.gallery.cases import ANA, BEN, LEA, real_file, sensitive_file

HOSTILE_RULE = Standing(quorum=2, approvals=1, rule=EVIL * 9, missing=EVIL * 9)
ARCHIVE = "https://acme.slack.com/archives/C0REFUNDS1/p1795428000000100"
DAY = timedelta(days=1)


class Shown(NamedTuple):
    name: str
    picture: Picture


class View(NamedTuple):
    name: str
    view: dict[str, Any]


@cache
def all_messages() -> tuple[Shown, ...]:
    return (*cards(), *more_cards(), *messages())


def drawn(file: CaseFile, **how: Any) -> Picture:
    return card(file, standing_of(SHIPPED, file), **how)


def cards() -> Iterator[Shown]:
    """Yield each kind in each state, said calmly and said with bad intent."""
    for kind, state in product(Kind, CaseState):
        yield Shown(f"{kind}-{state}", drawn(real_file(kind, state)))
        evil = card(hostile_file(kind, state), HOSTILE_RULE, link=ARCHIVE, owners=("S0FINANCE1",) * 30)
        yield Shown(f"{kind}-{state}-hostile", evil)


def more_cards() -> Iterator[Shown]:
    """Yield what a card shows beside its kind and state."""
    refund, vip = real_file(Kind.REFUND), real_file(Kind.VIP_BLOCKER)
    yield Shown("urgent", drawn(vip, owners=("S0LEADS001", ANA), link="https://app.dialnexa.example/calls/1"))
    yield Shown("sensitive", drawn(sensitive_file()))
    hostile = changed(hostile_file(Kind.REFUND, CaseState.OPEN), details=HOSTILE)
    yield Shown("sensitive-hostile", card(hostile, HOSTILE_RULE))
    yield Shown("fallen", drawn(changed(refund, fallen_to_admins=True)))
    yield Shown("paid-already", drawn(paid_already()))
    yield Shown("paid-meanwhile", drawn(changed(refund, earlier=(earlier(why="payment pi_DUPLICATE"),))))
    for locale in ("de_DE", "ja_JP", "ar_EG", "fr_CH"):
        yield Shown(f"in-{locale}", drawn(refund, locale=locale))
    newer = refund.proposal.model_copy(update={"because": "The amount was raised from 100.00 USD.", "version": 2})
    yield Shown("asked-again", drawn(refund.model_copy(update={"proposal": newer, "decisions": ()})))
    yield Shown("moved", moved(refund, "#finance-disputes"))
    yield Shown("moved-hostile", moved(hostile_file(Kind.REVIEW, CaseState.OPEN), EVIL))


def changed(file: CaseFile, **case: Any) -> CaseFile:
    return file.model_copy(update={"case": file.case.model_copy(update=case)})


def paid_already() -> CaseFile:
    file = real_file(Kind.REVIEW)
    hint = earlier(2, state=CaseState.REJECTED, exact=False, why="the same customer and a similar amount", paid=None)
    because = "Already paid: 129.50 USD 2 days ago, in case C-4T1M7WQE01 about payment pi_DUPLICATE."
    blocked = file.proposal.model_copy(update={"because": because})
    first = earlier(why="payment pi_DUPLICATE")
    return changed(file, earlier=(first, hint)).model_copy(update={"proposal": blocked})


def messages() -> Iterator[Shown]:
    yield Shown("trail", told())
    yield Shown("trail-hostile", thread_log([entry(n, EVIL * 5, ANA) for n in range(1, 300)]))
    for name, text in (("notice", news()), ("notice-hostile", f"{EVIL}\n{EVIL * 20}")):
        notice = Notice(notice_id="C-1/1/U1", recipient=ANA, text=text, created_at=NOW)
        yield Shown(name, notices.picture(notice, ARCHIVE))
    yield Shown("digest", a_digest(Kind.REFUND, Kind.DISPUTE, Kind.INVOICE_RESEND, Kind.BRAND_CREATE))
    yield Shown("digest-every-kind", a_digest(*Kind))
    for name, rows in (("list", ROWS), ("list-hostile", HOSTILE_ROWS)):
        text, blocks = lists.answer("Cases that wait for you", rows[:9], NOW, "3 more; `/finance list` shows them all.")
        yield Shown(name, Picture(text=text[:3000], blocks=blocks))


def told() -> Picture:
    said = (
        ("worker", "Case opened: Refund · 129.50 USD · Dana Ortiz."),
        (ANA, "Approved version 1 (1 of 2)."),
        ("worker", f"Reminder: 1 of 2 approvals, waiting for a lead, <@{LEA}>."),
        (LEA, "Approved version 1 (2 of 2); the steps are being carried out."),
        ("worker", "Refunded 129.50 USD on Stripe payment pi_DUPLICATE (re_1)."),
        (ANA, "Did step 2 by hand: the refund is in the books."),
        ("worker", "Done: every step has its receipt."),
    )
    entries = [entry(n, sentence, actor) for n, (actor, sentence) in enumerate(said, 1)]
    return thread_log([one.model_copy(update={"at": NOW + n * DAY / 48}) for n, one in enumerate(entries)], {3: (LEA,)})


def news() -> str:
    case = real_file(Kind.REFUND, CaseState.STUCK).case
    return f"{wording.notice_headline(case)}\n{wording.news(case, entry(1, None).entry)}"


def a_digest(*kinds: Kind) -> Picture:
    """Return a digest of these kinds: some of a week's cases slow, a tenth of them refused."""
    counted = []
    for n, kind in enumerate(one for one in kinds for _ in range(3 + len(one) % 5)):
        case, opened_at = real_file(kind, CaseState.DONE).case, NOW - DAY * (n % 6) - DAY / 2
        verdict = Verdict.REJECT if n % 10 == 9 else Verdict.APPROVE
        times = {"opened_at": opened_at, "due_at": opened_at + DAY}
        money = case.details.money if kind in (Kind.REFUND, Kind.DISPUTE) else None
        pays = money is not None and verdict is Verdict.APPROVE
        took = timedelta(minutes=20 + (n * 37) % 400)
        counted.append(Counted(case.model_copy(update=times), money, pays, n % 9 == 0, opened_at + took, verdict))
    stuck = real_file(Kind.REFUND, CaseState.STUCK).case
    waits = [Counted(real_file(kind).case, None, False, False, None, None) for kind in (Kind.REFUND, Kind.RECEIPT)]
    return digest_picture(
        digest([*counted, *waits, Counted(stuck, None, False, False, None, None)], NOW - 7 * DAY, NOW)
    )


def views() -> Iterator[View]:
    for kind in completing.completable():
        yield View(f"complete-{kind}", completing.complete_form(review(), kind))
    for name, file in (("", None), ("-hostile", hostile_file(Kind.REFUND, CaseState.OPEN))):
        yield from (View(f"{one.name}{name}", one.view) for one in forms_of(file))
    yield View("notice", forms.notice("Not done", f"Already approved by <@{LEA}>; its steps are running."))


def review() -> CaseFile:
    return real_file(Kind.REVIEW)


def forms_of(evil: CaseFile | None) -> Iterator[View]:
    """Yield every form once, of calm cases or of the given one."""
    refund, money = evil or real_file(Kind.REFUND), Money(amount_minor=12950, currency="USD")
    stuck = hostile_file(Kind.REFUND, CaseState.STUCK) if evil else real_file(Kind.REFUND, CaseState.STUCK)
    title = refund.case.details.summary or "" if evil else "Refund · 129.50 USD · Dana Ortiz"
    yield View("reject", forms.reject_form(forms.ref_of(refund), title))
    yield View("settle", forms.settle_form(stuck))
    yield View("complete", completing.complete_form(evil or review()))
    yield View("open", completing.open_form(refund.case.details, "message"))
    yield View("amount", forms.amount_form(refund, money, money))
    yield View("recipient", forms.recipient_form(evil or real_file(Kind.RECEIPT)))
    yield View("question", forms.question_form(refund))
    yield View("bulk", bulk_form(bulk(HOSTILE_ROWS if evil else small_refunds(), EVIL * 5 if evil else RULE), NOW))
    words = EVIL if evil else "Approved, and being carried out."
    yield View("bulk-result", bulk_result([f"{lists.plainly(row, NOW)}: {data(words)}" for row in ROWS[:20]]))
    hidden = HOSTILE if evil else sensitive_file().case.details
    yield View("summary", summary_view(changed(refund, details=hidden)))


RULE = "up to 100.00 USD: one person of finance"


def row_of(case: Case, missing: str | None = None) -> Row:
    return Row(case=case, money=case.details.money, missing=missing, link=ARCHIVE)


def a_row(n: int, kind: Kind, state: CaseState = CaseState.OPEN, **case: Any) -> Row:
    file = real_file(kind, state)
    times = {"due_at": NOW + DAY / 6 * (n - 2), "case_id": f"C-7Q2M9XKD{n:02}"}
    missing = standing_of(SHIPPED, file).missing if state is CaseState.OPEN else None
    return row_of(file.case.model_copy(update=times | case), missing)


def small_refunds() -> tuple[Row, ...]:
    """Return several similar refunds under one rule, as they come on a busy day."""
    callers = (("Dana Ortiz", 2400), ("Priya Raman", 1850), ("Tom Reyes", 6400), ("Noor Haddad", 990))
    return tuple(_small(n, name, minor) for n, (name, minor) in enumerate(callers, 3))


def _small(n: int, name: str, minor: int) -> Row:
    row, money = a_row(n, Kind.REFUND), Money(amount_minor=minor, currency="USD")
    details = row.case.details
    stated = details.fields.model_copy(update={"customer_name": name, "payment_id": f"pi_{name[:3].upper()}{n}"})
    case = row.case.model_copy(update={"details": details.model_copy(update={"fields": stated, "money": money})})
    return row.model_copy(update={"case": case, "money": money, "missing": "waiting for one of finance"})


def bulk(rows: tuple[Row, ...], rule: str) -> Bulk:
    return Bulk(kind=Kind.REFUND, rule=rule, rows=rows)


ROWS = tuple(a_row(n, kind, state) for n, (state, kind) in enumerate(product(CaseState, Kind)))
HOSTILE_ROWS = tuple(
    row_of(hostile_file(kind, state).case.model_copy(update={"case_id": f"C-{kind}-{state}"}), EVIL)
    for kind, state in product(Kind, CaseState)
)


def away(n: int = 0) -> Delegation:
    who, until = f"U0BEN{n:05}" if n else BEN, NOW + 8 * DAY
    return Delegation(user_id=who, delegate_id=ANA, from_at=NOW, until_at=until, set_by=who, set_at=NOW)


def inbox() -> Inbox:
    """Ana's on an ordinary Monday."""
    stuck = a_row(2, Kind.RECEIPT, CaseState.STUCK, owner=ANA)
    waiting = (a_row(1, Kind.VIP_BLOCKER, urgent=True), stuck, *small_refunds(), a_row(8, Kind.DISPUTE))
    listed = sorted([*waiting, a_row(9, Kind.BRAND_CREATE)], key=lambda row: row.case.due_at)
    return Inbox(
        waiting=waiting, mine=(stuck,), listed=tuple(listed), bulks=(bulk(small_refunds(), RULE),), lent=(away(),)
    )


def homes() -> Iterator[View]:
    yield View("home", home(inbox(), Look(), now=NOW))
    yield View("home-nothing", home(Inbox(), Look(), now=NOW))
    yield View("home-not-for-you", not_for_you())
    pause = Pause(scope=EVERYTHING, since_at=NOW, by="U0ADMIN001", reason=EVIL)
    evil = Inbox(
        waiting=HOSTILE_ROWS,
        mine=HOSTILE_ROWS,
        listed=HOSTILE_ROWS,
        clipped=True,
        pauses=(pause,),
        bulks=tuple(Bulk(kind=kind, rule=EVIL, rows=HOSTILE_ROWS) for kind in Kind),
        lent=tuple(away(n) for n in range(1, 30)),
        away=away(),
    )
    calm = Inbox(waiting=ROWS, mine=ROWS, listed=ROWS)
    for scope in SCOPES:
        look = Look(scope=scope, kind=Kind.REFUND, state="all", search="Dana", page=1)
        yield View(f"home-{scope}", home(calm, look, now=NOW))
        yield View(f"home-{scope}-hostile", home(evil, look.model_copy(update={"search": EVIL}), now=NOW))
