"""The states that people meet: how each comes about on the real server, and what it shows."""

import re
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import quote

from playwright.sync_api import Page, Route, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.e2e.live_server import PASSWORD
from tests.e2e.looks import Watch
from tests.e2e.worlds import INSTANCE, Universe, email_of

ADDRESSES = {
    "login": "/login",
    "setup": "/setup",
    "dashboard": "/",
    "savings": "/savings",
    "prices": "/prices",
    "cell": "/prices?gpu=V100-16GB&count=4&provider=AWS",
    "instance": f"/instances/{quote(INSTANCE, safe='')}",
    "settings": "/settings",
    "preview": "/settings",
    "why": "/savings?why=usage",
    "widget": "/embed/widget",
    "not-found": "/nowhere",
}
# The pages with the counters of the session and of all time.
_COUNTERS = ("dashboard", "savings", "widget")
# What every page of figures asks for; who is signed in is known all the same.
_FIGURES = re.compile(r"/api/v1/(?!auth/)")
# Chromium's own words about a request that was refused or failed, which no page can keep from it.
_FAILED_REQUEST = r"^Failed to load resource: "
_SESSION = '[data-figure="session-saving"]'
_LIFETIME = '[data-figure="lifetime-saving"]'
# Up to here Chromium's makers call a page still: how many rows a table will have is not known.
_MOST_SHIFT = 0.1
_LOOKS_AT_TICKING = 3
_NOTE_SHIFTS = """
window.shifts = 0
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) window.shifts += shift.value
}).observe({ type: 'layout-shift' })
"""
_UNTIL_IDLE = "() => new Promise((done) => requestIdleCallback(() => setTimeout(done, 300)))"
# An amount in either language, so that one made up is found as well.
_AMOUNT = r"\$\s?[\d.,]*\d"
# The fleet saves $16.6376 an hour, and its instances are on for so long as a test runs.
_FLEET_PER_SECOND = Decimal("16.6376") / 3600
_DRAWN_WITHIN_SECONDS = Decimal("1.5")
_LAST_DIGIT = Decimal("0.0001")


@dataclass
class Stage:
    """A page in the browser, on its way into a state."""

    page: Page
    watch: Watch
    universe: Universe
    world: str | None
    name: str
    address: str
    is_holding: bool = False
    held: list[Route] = field(default_factory=list)

    def open(self) -> None:
        """Open the page and wait for what belongs to it."""
        self.page.goto(self.address)
        # The code of a page, and of the panel over it, comes when it is looked at.
        expect(self.page.locator("h1")).to_have_count(1)
        if self.name in ("cell", "why"):
            expect(self.page.get_by_role("dialog")).to_be_visible()
        self.watch.settle()
        if self.name == "preview":
            self.page.locator("input[inputmode=decimal]").first.fill("12.5")
            expect(self.page.locator('[data-figure="preview-after:AWS"]')).to_be_visible()
            expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def hold_answers(self) -> None:
        """Keep back every answer with figures."""

        def hold(route: Route) -> None:
            if self.is_holding:
                self.held.append(route)
            else:
                route.continue_()

        self.is_holding = True
        self.page.route(_FIGURES, hold)

    def lose_answers(self) -> None:
        """Let every request for figures fail, as when the server is gone."""
        self.page.route(_FIGURES, lambda route: route.abort())

    def give_answers(self) -> None:
        """Let requests through again, those that were held too."""
        if self.is_holding:
            self.is_holding = False
            while self.held:
                self.held.pop().continue_()
        else:
            self.page.unroute(_FIGURES)

    def says(self) -> str:
        """Return what the page says, a panel over it too, and a widget in its own root."""
        said = self.page.locator("body, economy-widget .economy-frame").all_inner_texts()
        return " ".join(" ".join(said).split())

    def amount(self, figure: str) -> Decimal:
        """Return an amount of the page with its sign."""
        text = self.page.locator(figure).first.inner_text().splitlines()[0]
        digits = re.sub(r"[^\d.,]", "", text)
        if "US$" in text:
            digits = digits.replace(".", "").replace(",", ".")
        size = Decimal(digits.replace(",", ""))
        return -size if text.lstrip().startswith(("-", "\u2212")) else size


def _opened(stage: Stage) -> None:
    stage.open()


def _nothing(stage: Stage) -> None:
    """Nothing is left to be seen."""


@dataclass(frozen=True)
class State:
    """A state: whose account, on which pages, with which words in English and Portuguese."""

    world: str | None
    pages: Mapping[str, tuple[list[str], list[str]]]
    begins: Callable[[Stage], None] = _opened
    # What holds besides, and how the state ends.
    ends: Callable[[Stage], None] = _nothing
    # What Chromium itself may say on the console.
    allowed: str | None = None


def _is_first_time(stage: Stage) -> None:
    """Zeros, and neither a percentage nor a projection."""
    if stage.name in _COUNTERS:
        assert [stage.amount(_LIFETIME), stage.amount(_SESSION)] == [Decimal(0), Decimal(0)]
        assert "%" not in stage.says()
        for absent in ("savings-percentage", "year-projection"):
            expect(stage.page.locator(f'[data-figure="{absent}"]')).to_have_count(0)


def _stands_still(stage: Stage) -> None:
    """The lifetime is as it was, and the session's counter is zero and stays so."""
    if stage.name in _COUNTERS:
        before = stage.amount(_LIFETIME)
        stage.page.wait_for_timeout(1_100)
        assert [stage.amount(_LIFETIME), stage.amount(_SESSION)] == [before, Decimal(0)]
        assert round(before, 2) == Decimal("93.60")


def _ticks(stage: Stage) -> None:
    """The counter moves at its slope, without a request."""
    if stage.name not in _COUNTERS:
        return
    asked: list[str] = []
    stage.page.on("request", lambda request: asked.append(request.url))
    # The stream's first word, after which everything is asked for, may come late.
    for _ in range(_LOOKS_AT_TICKING):
        asked.clear()
        before, began = stage.amount(_SESSION), time.monotonic()
        stage.page.wait_for_timeout(1_500)
        grown, seconds = stage.amount(_SESSION) - before, time.monotonic() - began
        if not asked:
            break
    assert asked == []
    assert grown > 0
    assert abs(grown - _FLEET_PER_SECOND * Decimal(str(seconds))) < Decimal("0.01")


def _loading(stage: Stage) -> None:
    stage.page.add_init_script(_NOTE_SHIFTS)
    stage.hold_answers()
    stage.page.goto(stage.address)
    expect(stage.page.locator(".skeleton").first).to_be_visible()
    # Until the code of the page itself is there.
    expect(stage.page.locator("h1")).to_have_count(1)
    stage.page.wait_for_load_state("load")
    # And until it has drawn what it shows meanwhile: what that moves is no answer's doing.
    stage.page.evaluate(_UNTIL_IDLE)


def _loads(stage: Stage) -> None:
    """Nothing is made up meanwhile; what comes shifts nothing that was shown."""
    assert not re.search(_AMOUNT, stage.says())
    stage.page.evaluate("window.shifts = 0")
    stage.give_answers()
    stage.watch.settle()
    assert stage.page.evaluate("window.shifts") < _MOST_SHIFT


def _let_the_stream_end(stage: Stage) -> None:
    """Let the stream be silent for too long, be asked for again in vain, and a poll fall due."""
    for _ in range(3):
        stage.page.clock.fast_forward(31_000)
        stage.page.wait_for_timeout(200)


def _fails_after(stage: Stage) -> None:
    stage.page.clock.install()
    stage.open()
    stage.lose_answers()
    _let_the_stream_end(stage)
    expect(stage.page.locator(".stale").first).to_be_visible()


def _recovers(stage: Stage) -> None:
    """The counter stops where its answer ends, and all is well by itself when answers come."""
    stage.page.clock.fast_forward(7_200_000)
    if stage.name != "instance":
        stage.page.wait_for_timeout(1_100)
        stopped = stage.amount(_SESSION)
        stage.page.wait_for_timeout(1_100)
        assert stage.amount(_SESSION) == stopped
    stage.give_answers()
    stage.page.clock.fast_forward(26_000)
    expect(stage.page.locator(".stale")).to_have_count(0)


def _fails_first(stage: Stage) -> None:
    stage.lose_answers()
    stage.page.goto(stage.address)
    expect(stage.page.get_by_role("alert").first).to_be_visible()
    stage.watch.settle()


def _retried(stage: Stage) -> None:
    """No figure is made up, and the buttons bring the real ones."""
    assert not re.search(_AMOUNT, stage.says())
    stage.give_answers()
    sheet = stage.page.get_by_role("dialog")
    if sheet.count() > 0:
        sheet.get_by_role("alert").get_by_role("button").click()
        expect(sheet.get_by_role("alert")).to_have_count(0)
        stage.page.keyboard.press("Escape")
    alerts = stage.page.get_by_role("alert")
    while alerts.count() > 0:
        # One may be gone before it is clicked: the page asks again by itself too.
        with suppress(PlaywrightTimeoutError):
            alerts.get_by_role("button").first.click(timeout=1_000)
        stage.watch.settle()


def _session_expired(stage: Stage) -> None:
    stage.page.clock.install()
    stage.open()
    stage.page.context.clear_cookies()
    _let_the_stream_end(stage)
    expect(stage.page.locator("input[name=password]")).to_be_visible()


def _back_again(stage: Stage) -> None:
    """After signing in one is where one was."""
    assert stage.world is not None
    stage.page.locator("input[name=email]").fill(email_of(stage.world))
    stage.page.locator("input[name=password]").fill(PASSWORD)
    stage.page.locator("button[type=submit]").click()
    expect(stage.page).to_have_url(stage.address)
    stage.watch.settle()


def _refused(stage: Stage) -> None:
    stage.open()
    stage.page.locator("input[name=email]").fill("nobody@example.com")
    stage.page.locator("input[name=password]").fill("three loud guesses")
    stage.page.locator("button[type=submit]").click()
    expect(stage.page.get_by_role("alert")).to_be_visible()


def _is_a_loss(stage: Stage) -> None:
    """The figure has its sign and is marked as a loss."""
    if stage.name in _COUNTERS:
        assert stage.amount(_LIFETIME) < 0
        expect(stage.page.locator(_LIFETIME).first).to_have_attribute("data-outcome", "loss")


def _is_in_the_legend(stage: Stage) -> None:
    """What the grades D and N mean is told below, and N has no saving."""
    if stage.name != "why":
        stage.page.locator("summary").last.click()
        told = stage.page.locator("details[open] dl").last.inner_text()
        assert re.search(r"substitute|substituto", told)
        assert re.search(r"unpriced|sem preço", told)


def _is_amber(stage: Stage) -> None:
    """The date of the old price stands in amber, and says so in words."""
    old = stage.page.locator(".text-loss").filter(has_text=re.compile("180"))
    expect(old.first).to_be_visible()


def _away(stage: Stage) -> None:
    """Hide the tab for a while; then let the clock be two hours on, as after sleep, and years."""
    stage.page.clock.install()
    stage.open()
    tab = stage.page.context.new_cdp_session(stage.page)
    tab.send("Page.setWebLifecycleState", {"state": "frozen"})
    time.sleep(1.5)
    tab.send("Page.setWebLifecycleState", {"state": "active"})
    asked: list[str] = []
    stage.page.on("request", lambda request: asked.append(request.url))
    for jump in (timedelta(hours=2), timedelta(days=-1_000)):
        stage.page.clock.set_system_time(datetime.now(UTC) + jump)
        stage.page.wait_for_timeout(1_500)
        stage.watch.settle()
    # Each answer once for each jump: no storm.
    assert asked
    assert max(Counter(asked).values()) <= 2, asked


def _is_right_again(stage: Stage) -> None:
    """The figure is the server's, whatever the clocks of the browser say."""
    assert stage.world is not None
    shown, began = stage.amount(_SESSION), time.monotonic()
    told = stage.universe.reporters[stage.world].read("/api/v1/economy/active-session")
    # The meter draws once a second where drawing is dear.
    apart = Decimal(str(time.monotonic() - began)) + _DRAWN_WITHIN_SECONDS
    off = abs(shown - Decimal(told["live"]["value"]))
    assert off <= _FLEET_PER_SECOND * apart + _LAST_DIGIT


_SCREENS = {
    "dashboard": (["Instances", "Recent events"], ["Instâncias", "Eventos recentes"]),
    "savings": (["Three providers", "Breakdown"], ["Três provedores", "Detalhamento"]),
    "prices": (
        ["Price book", "List price per GPU-hour, on-demand"],
        ["Tabela de preços", "Preço de tabela por GPU-hora, sob demanda"],
    ),
    "cell": (
        [r"V100-16GB \S 4 · AWS", r"\$3\.06", "p3.8xlarge", "Price history", "What was weighed"],
        [r"V100-16GB \S 4 · AWS", r"US\$ 3,06", "p3.8xlarge", "Histórico do preço"],
    ),
    "widget": (["vs AWS", "All savings"], ["vs AWS", "Toda a economia"]),
    "instance": ([INSTANCE, "Sessions and rates"], [INSTANCE, "Sessões e preços"]),
    "settings": (["How you compare", "Version 1"], ["Como você compara", "Versão 1"]),
    "preview": (
        ["What this would change", "nothing is saved yet", r"-\$[\d,]+\.\d\d"],
        ["O que isto mudaria", "nada foi gravado ainda", r"-US\$ [\d.]+,\d\d"],
    ),
    "why": (
        [r"Why\? Saved · All time", rf"The lines add up to -?{_AMOUNT}: the figure above"],
        [r"Por quê\? Economizado · Desde o início", rf"As linhas somam -?US{_AMOUNT}: o valor"],
    ),
    "setup": (
        ["Ways to begin", "Push an event", "Import a file", "Look at the demo first"],
        ["Como começar", "Enviar um evento", "Importar um arquivo", "Ver a demonstração antes"],
    ),
    "login": (["Sign in", "E-mail", "Password"], ["Entrar", "E-mail", "Senha"]),
    "not-found": (
        ["Page not found", "There is nothing at this address"],
        ["Página não encontrada", "Não há nada neste endereço"],
    ),
}


def _on(
    pages: str, english: list[str], portuguese: list[str]
) -> dict[str, tuple[list[str], list[str]]]:
    """Return the pages with their own words and those of the state."""
    return {
        page: (_SCREENS[page][0] + english, _SCREENS[page][1] + portuguese)
        for page in pages.split()
    }


def _instead(
    pages: str, english: list[str], portuguese: list[str]
) -> dict[str, tuple[list[str], list[str]]]:
    """Return pages that have the state's words and not yet their own."""
    return dict.fromkeys(pages.split(), (english, portuguese))


STATES = {
    "no-owner": State(
        None,
        _instead(
            "setup dashboard",
            ["Set up your meter", "This installation has no owner yet"],
            ["Configure o seu medidor", "Esta instalação ainda não tem dono"],
        ),
    ),
    "signed-out": State(
        None,
        _on("login not-found", [], []) | {"savings": _SCREENS["login"]},
    ),
    "refused": State(
        None,
        _on("login", ["E-mail or password is wrong"], ["E-mail ou senha incorretos"]),
        begins=_refused,
        allowed=_FAILED_REQUEST,
    ),
    "first-time": State(
        "newcomer",
        _instead(
            "dashboard savings widget",
            ["Nothing has been reported yet", "With the first usage event the meter starts"],
            ["Nada foi informado ainda", "Com o primeiro evento de uso o medidor começa"],
        )
        | _instead(
            "why",
            ["No use, so no lines: the figure is zero"],
            ["Sem uso, portanto sem linhas: o valor é zero"],
        )
        | _on("settings setup", [], []),
        ends=_is_first_time,
    ),
    "nothing-running": State(
        "quiet",
        _on(
            "dashboard savings widget",
            ["Nothing is running", r"\$93\.60"],
            ["Nada está ligado", r"US\$ 93,60"],
        )
        | _on("instance", ["stopped", r"\$93\.60"], ["parada", r"US\$ 93,60"])
        | _on("why", [], []),
        ends=_stands_still,
    ),
    "running": State(
        "fleet",
        _on("dashboard savings widget", ["2 instances active"], ["2 instâncias ativas"])
        | _on("instance", ["running", "price change"], ["em execução", "mudança de preço"])
        | _on("prices cell settings preview why not-found", [], []),
        ends=_ticks,
    ),
    "loading": State(
        "fleet",
        _instead(
            "dashboard savings prices cell instance settings why widget",
            ["Loading"],
            ["Carregando"],
        ),
        begins=_loading,
        ends=_loads,
    ),
    "fails-after-data": State(
        "fleet",
        _on(
            "dashboard savings instance widget",
            [r"No new figures since \d\d:\d\d:\d\d, retrying"],
            [r"Sem valores novos desde \d\d:\d\d:\d\d, tentando de novo"],
        ),
        begins=_fails_after,
        ends=_recovers,
        allowed=_FAILED_REQUEST,
    ),
    "fails-at-first": State(
        "fleet",
        _instead(
            "dashboard savings prices cell instance settings why widget",
            ["No figures to show", "The server does not answer", "Try again"],
            ["Nenhum valor para mostrar", "O servidor não responde", "Tentar de novo"],
        ),
        begins=_fails_first,
        ends=_retried,
        allowed=_FAILED_REQUEST,
    ),
    "session-expired": State(
        "fleet",
        _instead("dashboard savings prices cell instance settings why", *_SCREENS["login"]),
        begins=_session_expired,
        ends=_back_again,
        allowed=_FAILED_REQUEST,
    ),
    "costs-more": State(
        "dear",
        _on(
            "dashboard savings instance why widget",
            ["costs more here", r"-\$\d+\.\d\d"],
            ["aqui custa mais", r"-US\$ \d+,\d\d"],
        ),
        ends=_is_a_loss,
    ),
    "unpriced-or-substitute": State(
        "odd",
        _on(
            "dashboard",
            ["no comparison", "“Foo 9000”", r"L40S stands in: 2\S memory, [\d.]+\S FP16"],
            [
                "sem comparação",
                "Não conhecemos uma GPU com o nome “Foo 9000”",
                r"L40S a substitui: 2\S de memória",
            ],
        )
        | _on(
            "savings",
            ["left out of the saving: Foo 9000", r"of which \$[\d.]+ against substitutes"],
            ["fora da economia: Foo 9000", r"dos quais US\$ [\d,]+ contra substitutos"],
        )
        | _on("instance", ["no comparison", "“Foo 9000”"], ["sem comparação", "“Foo 9000”"])
        | _on("why", ["of it without a comparison"], ["disso sem comparação"]),
        ends=_is_in_the_legend,
    ),
    "stale-price": State(
        "old",
        _on(
            "dashboard savings prices instance why",
            ["over 180 days old"],
            ["com mais de 180 dias"],
        )
        | _on("cell", [r"3 Nov 2025 \(over 180 days old\)"], [r"3 de nov\. de 2025 \(com mais de"]),
        ends=_is_amber,
    ),
    "silent": State(
        "silent",
        _on("dashboard instance", ["no report since"], ["sem aviso desde"])
        | _on(
            "savings",
            ["without a report for 24 hours or more"],
            ["sem nenhum aviso há 24 horas ou mais"],
        ),
    ),
    "demo": State(
        "sample",
        _on(
            "dashboard savings prices instance settings",
            ["Sample data", "Nothing here was rented"],
            ["Dados de exemplo", "Nada aqui foi alugado"],
        ),
    ),
    "hidden-slept-clock-set": State(
        "fleet",
        _on("dashboard savings", ["2 instances active"], ["2 instâncias ativas"]),
        begins=_away,
        ends=_is_right_again,
    ),
}
