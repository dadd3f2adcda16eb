"""Debug pages are known by their own words."""

from __future__ import annotations

import pytest

from stripe_audit.web.debug_pages import DEBUG_PAGES, debug_trace_in

SAID = {
    "git": "ref: refs/heads/main\n",
    "werkzeug": "<title>Console // Werkzeug Debugger</title><h1>Interactive Console</h1><script>EVALEX = true,",
    "rails-info": "<th>Helper</th><th>HTTP Verb</th><th>Path</th>",
    "rails-console": "<td>Ruby version</td><td>3.4</td><td>Environment</td>",
    "profiler": '<div id="sf-profiler-header">',
    "debugbar": '[{"id":"X","utime":1750000000.1}]',
    "telescope": "<title>Telescope - Shop</title>",
    "horizon": "<script>window.Horizon = {}</script>",
    "ignition": '{"can_execute_commands":true}',
    "phpinfo": "<title>PHP 8.4 - phpinfo()</title>",
    "env": '{"activeProfiles":[],"propertySources":[]}',
    "heap": '{"_links":{"self":{"href":"/actuator"},"heapdump":{"href":"/actuator/heapdump"}}}',
    "pprof": "<p>Types of profiles available:</p>",
    "expvar": '{"cmdline":["/shop"],"memstats":{}}',
    "server-status": "<h1>Apache Server Status for shop</h1>",
    "debug-toolbar": '{"content": "Data for this panel isn\'t available anymore."}',
    "vite": "class HMRContext {}",
    "graphiql": "<title>GraphiQL</title>",
    "swagger": '<div id="swagger-ui"></div>',
    "api-docs": '{"openapi":"3.1.0"}',
    "openapi": '{"openapi": "3.1.0"}',
    "swagger-json": '{"swagger": "2.0"}',
    "fastify-docs": '{"openapi":"3.0.3"}',
    "nest-docs": '{"openapi":"3.0.0"}',
}


@pytest.mark.parametrize("page", DEBUG_PAGES, ids=lambda page: page.id)
def test_a_page_is_known_by_its_words_and_not_by_being_there(page):
    assert page.words.search(SAID[page.id])
    for other in (
        "",
        "{}",
        "<!doctype html><title>Shop</title><p>Not found",
        '{"status":"ok"}',
        '{"error":"not_found"}',
    ):
        assert not page.words.search(other)


def test_every_page_is_asked_for_once():
    assert (
        len({page.path for page in DEBUG_PAGES})
        == len({page.id for page in DEBUG_PAGES})
        == len(DEBUG_PAGES)
        == len(SAID)
    )


@pytest.mark.parametrize(
    ("text", "whose"),
    [
        ("You're seeing this error because you have <code>DEBUG = True</code>", "Django"),
        ("<h1>Routing Error</h1><p>No route matches</p><code>Rails.root: /app</code>", "Rails"),
        ("<title>Werkzeug Debugger</title>", "Flask"),
        ("Whoops, looks like something went wrong", "Laravel"),
        ("<h1>Nothing here</h1>", None),
        ("Cannot GET /x", None),
    ],
)
def test_debug_pages_that_stand_in_for_errors(text, whose):
    assert debug_trace_in(text) == whose
