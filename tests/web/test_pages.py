"""The pages in a real browser: log in, find a user, read why, walk the graph.

Where Chromium or its driver is missing they are skipped; with INTERESTGRAPH_REQUIRE_BROWSER=1 they fail.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from graphstore.administration.keys import create_key
from graphstore.database.leases import present
from graphstore.database.runs import run
from tests.web.api.test_resources import add_interest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
WAIT_SECONDS = 40
REQUIRE = "INTERESTGRAPH_REQUIRE_BROWSER"
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync "
    "--no-first-run --window-size=1280,1500"
).split()


def need_browser(chromium, driver) -> None:
    """Skip the test where a program of these is missing, or fail it where the environment requires them."""
    missing = [name for name, path in (("chromium", chromium), ("chromedriver", driver)) if not path]
    if missing and os.environ.get(REQUIRE):
        pytest.fail(f"{REQUIRE} is set, but there is no {' and no '.join(missing)} on PATH", pytrace=False)
    if missing:
        pytest.skip(f"there is no {' and no '.join(missing)} on PATH")


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    need_browser(CHROMIUM, DRIVER)
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for option in [*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"]:
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, Service(DRIVER))
    driver.set_page_load_timeout(WAIT_SECONDS)
    yield driver
    driver.quit()


@pytest.fixture
def site(port) -> str:
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def logged_in(browser, site, keys) -> str:
    log_in(browser, site, keys["read"])
    return site


def log_in(browser, site, key) -> None:
    browser.delete_all_cookies()
    browser.get(f"{site}/")
    assert browser.title.startswith("Log in")
    browser.find_element("id", "key").send_keys(key)
    browser.find_element("css selector", "main form button").click()
    until(browser, lambda page: page.find_elements("id", "user"))


def until(browser, condition):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, WAIT_SECONDS).until(condition)


def complaints(browser) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]


def keep_picture(browser, name: str) -> None:
    """Save a screenshot where INTERESTGRAPH_TEST_PICTURES says, for looking at."""
    folder = os.environ.get("INTERESTGRAPH_TEST_PICTURES")
    if folder:
        browser.save_screenshot(str(Path(folder) / f"{name}.png"))


def test_without_a_browser_pages_are_skipped_but_fail_where_one_is_required(monkeypatch):
    monkeypatch.delenv(REQUIRE, raising=False)
    need_browser("/usr/bin/chromium", "/usr/bin/chromedriver")
    with pytest.raises(pytest.skip.Exception, match="no chromium and no chromedriver"):
        need_browser(None, None)
    monkeypatch.setenv(REQUIRE, "1")
    need_browser("/usr/bin/chromium", "/usr/bin/chromedriver")
    with pytest.raises(pytest.fail.Exception, match=f"{REQUIRE} is set, but there is no chromedriver"):
        need_browser("/usr/bin/chromium", None)


def test_a_user_is_found_and_their_page_says_why(browser, logged_in, client, films):
    add_interest(client, "ann", "Drama", "2026-01-01T00:00Z")
    browser.get(logged_in)
    complaints(browser)
    assert "ann" in browser.find_element("css selector", ".rows").text
    browser.find_element("id", "user").send_keys("an")
    browser.find_element("css selector", ".search button").click()
    until(browser, lambda page: "?user=an" in page.current_url)
    browser.find_element("css selector", ".rows a").click()
    until(browser, lambda page: page.title.startswith("ann"))
    assert "Stalker" in browser.find_element("id", "behaviour").text
    assert "Drama" in browser.find_element("id", "interests").text
    recommendations = browser.find_element("id", "recommendations")
    assert "Alien" in recommendations.text and recommendations.find_elements("css selector", ".because, .path")
    until(browser, lambda page: int(page.find_element("id", "graph").get_attribute("data-nodes") or 0) == 5)
    keep_picture(browser, "user")
    assert complaints(browser) == []


def test_the_graph_is_walked_by_clicking_a_node(browser, logged_in, films):
    browser.get(f"{logged_in}/users/ann")
    count = "return Number(document.getElementById('graph').dataset.nodes || 0)"
    until(browser, lambda page: page.execute_script(count) == 4)
    browser.execute_script(
        "interestGraph.network.body.emitter.emit('click', {nodes: ['Item:f1'], edges: [], pointer: {}})"
    )
    until(browser, lambda page: page.execute_script(count) > 4)
    detail = browser.find_element("id", "graph-detail")
    assert "Stalker" in detail.text
    detail.find_element("tag name", "a").click()
    until(browser, lambda page: page.title.startswith("Stalker"))
    assert "genre Drama" in browser.find_element("css selector", ".attributes").text


def test_items_are_searched_by_words_and_the_dashboard_counts(browser, logged_in, client, films):
    client.run_text("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
    browser.get(f"{logged_in}/?item=sol")
    assert "Solaris" in browser.find_elements("css selector", ".rows")[1].text
    browser.get(f"{logged_in}/?item=%22%20OR%20(%3A~%2F*")
    assert "Nothing matches" in browser.page_source
    complaints(browser)
    browser.get(f"{logged_in}/dashboard")
    assert "Newest events" in browser.page_source and "RATED" in browser.page_source
    assert complaints(browser) == []


def texts(browser, selector) -> list[str]:
    """The words of each of these, on one line."""
    script = "return [...document.querySelectorAll(arguments[0])].map(one => one.innerText)"
    return [" ".join(text.split()) for text in browser.execute_script(script, selector)]


def press(browser, name, button) -> None:
    """Open the row of an interest that is listed and press one of its buttons."""
    row = browser.find_element("css selector", f'.bars [data-name="{name}"]')
    row.find_element("tag name", "summary").click()
    row.find_element("css selector", f'[aria-label="{button} {name}"]').click()


def test_an_interest_is_corrected_where_it_is_listed(browser, site, client, films):
    for name in ("drama", "rock/pop"):
        add_interest(client, "ann", name, "2026-01-01T00:00Z")
    log_in(browser, site, create_key(client, "test both", ["read", "write"]))
    browser.get(f"{site}/users/ann")
    complaints(browser)

    press(browser, "rock/pop", "Pin")
    until(browser, lambda page: texts(page, ".bars li") == ["drama 0.80", "rock/pop pinned 0.80"])
    assert texts(browser, "#correction-status")[0].startswith("rock/pop: pinned. ")
    browser.find_element("css selector", "[data-name=drama] summary").click()
    until(browser, lambda page: "since 2026-01-01" in texts(page, "[data-name=drama] .evidence")[0])
    browser.find_element("css selector", "[data-name=drama] summary").click()

    press(browser, "drama", "Weaken")
    until(browser, lambda page: "drama weakened 0.20" in texts(page, ".bars li"))
    keep_picture(browser, "corrected")
    press(browser, "drama", "Withdraw")
    until(browser, lambda page: "drama 0.80" in texts(page, ".bars li"))

    drawn = "return interestGraph.nodes.get().some((node) => node.label === 'drama')"
    until(browser, lambda page: page.execute_script(drawn))
    press(browser, "drama", "Delete")
    until(browser, lambda page: texts(page, "#corrected li") == ["drama deleted Withdraw"])
    until(browser, lambda page: not page.execute_script(drawn))
    assert texts(browser, ".bars li") == ["rock/pop pinned 0.80"]
    until(browser, lambda page: page.switch_to.active_element.get_attribute("aria-label") == "Withdraw drama")
    browser.switch_to.active_element.click()
    until(browser, lambda page: not page.find_elements("id", "corrected"))
    assert complaints(browser) == []


def test_an_interest_is_pinned_by_name(browser, site, client, films):
    add_interest(client, "bob", "drama", "2026-01-01T00:00Z")
    log_in(browser, site, create_key(client, "test both", ["read", "write"]))
    browser.get(f"{site}/users/ann")
    browser.find_element("id", "pin").send_keys("Space  opera\n")
    until(browser, lambda page: texts(page, "#correction-status.alert") == ["There is no interest 'space opera'."])
    browser.find_element("id", "pin").clear()
    browser.find_element("id", "pin").send_keys(" Drama\n")
    until(browser, lambda page: texts(page, ".bars li") == ["drama pinned 1.00"])


def test_a_key_that_may_not_write_sees_corrections_and_no_buttons(browser, logged_in, api, client, films):
    for name, correction in (("drama", "pin"), ("horror", "delete")):
        add_interest(client, "ann", name, "2026-01-01T00:00Z")
        assert (
            api("PUT", f"/v1/users/ann/interests/{name}", "write", json={"correction": correction}).status_code == 200
        )
    browser.get(f"{logged_in}/users/ann")
    assert texts(browser, ".bars li") == ["drama pinned 0.80"] and texts(browser, "#corrected li") == ["horror deleted"]
    assert not browser.find_elements("css selector", "#interests button, #interests input")


CUT = """return [...document.querySelectorAll("main h1, main .grow, main .breaks, main .clip, main .stages td")]
    .filter((one) => one.innerText && (
        one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow === "hidden" ||
        one.getBoundingClientRect().right > innerWidth || one.getBoundingClientRect().width < 20))
    .map((one) => one.outerHTML)"""


def test_a_narrow_screen_cuts_nothing_and_needs_no_sideways_scrolling(browser, logged_in, api, client, films):
    user, title = "u" + "1234567890" * 5, "A rather long title of an item " * 3
    api("PUT", "/v1/items/long", "write", json={"title": title})
    api("POST", "/v1/events", "write", json={"user_id": user, "item_id": "long", "kind": "like"})
    add_interest(client, "ann", "nested inside each other", "2026-01-01T00:00Z")
    client.run_text("CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()")
    with run(client, "build") as current:
        current.counts |= {"events": 3, "as_of": 1_534_896_000_000, "penalties": [395.9, 0.0], "feed": {"epoch": 2}}
    narrow = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", narrow)
    try:
        browser.get(f"{logged_in}/dashboard")
        assert "events 3; as of 2018-08-22T00:00:00+00:00" in texts(browser, ".stages")[0]
        assert "penalties" not in browser.page_source and "epoch" not in browser.page_source
        browser.get(f"{logged_in}/items/long")
        assert "1 event" in texts(browser, ".card p")[0] and "1 events" not in browser.page_source
        browser.get(f"{logged_in}/?item=rather")
        first = "return [...document.querySelectorAll('.rows')].map((one) => one.getBoundingClientRect().top)"
        users, items = browser.execute_script(first)
        assert items < users and items < narrow["height"]
        for path in ("/", "/?item=rather", "/users/ann", f"/users/{user}", "/items/long", "/dashboard"):
            browser.get(logged_in + path)
            keep_picture(browser, "narrow" + path.replace("/", "-"))
            assert browser.execute_script(CUT) == [], path
            wide = "return document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert browser.execute_script(wide) <= 0, path
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_api_page_draws_its_operations_without_a_complaint(browser, logged_in):
    complaints(browser)
    browser.get(f"{logged_in}/docs")
    until(browser, lambda page: len(page.find_elements("css selector", ".opblock")) > 10)
    keep_picture(browser, "docs")
    assert complaints(browser) == []


def test_hostile_text_stays_text(browser, logged_in, api):
    title = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"
    api("PUT", "/v1/items/evil", "write", json={"title": title})
    api("POST", "/v1/events", "write", json={"user_id": "<b>eve</b>", "item_id": "evil", "kind": "like"})
    for path in ("/items/evil", "/users/%3Cb%3Eeve%3C%2Fb%3E", "/dashboard"):
        browser.get(logged_in + path)
        assert "owned" not in browser.title or "<script>" in browser.title
        assert not browser.find_elements("css selector", "main b, main img")


def test_what_followers_change_shows_as_it_happens(browser, logged_in, client, films):
    from tests.web.test_feed import stamp

    complaints(browser)
    browser.find_element("link text", "Live").click()
    until(browser, lambda page: page.find_element("id", "live-state").text == "listening")
    until(browser, lambda page: "update --follow" in page.find_element("id", "live-nobody").text)
    with present(client, "follow events"):
        until(browser, lambda page: not page.find_element("id", "live-nobody").is_displayed())
    stamp(client, ["ann", "bob"], changes='{"opened": ["drama", "science fiction"], "closed": ["horror"]}')
    rows = until(browser, lambda page: page.find_element("id", "live-user-rows").text.count("drama") == 2 and page)
    assert "ann" in rows.find_element("id", "live-user-rows").text and "horror" in rows.page_source
    until(browser, lambda page: page.find_element("id", "live-users").text == "2")
    assert "Title" in browser.find_element("id", "live-item-rows").text
    keep_picture(browser, "live")
    assert complaints(browser) == []
