"""Pages that frameworks have for developers, by where they are and what they say. Pure.

Each is told by its own words, since many targets answer 200 to every address. Paths and words: the frameworks' own
documentation and templates.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["DEBUG_PAGES", "DebugPage", "debug_trace_in"]


@dataclass(frozen=True, slots=True)
class DebugPage:
    """One such page. ``severity`` is a name of our severities; ``id`` is stable."""

    id: str
    path: str
    words: re.Pattern[str]
    severity: str
    title: str


def _page(identity: str, path: str, words: str, severity: str, title: str) -> DebugPage:
    return DebugPage(identity, path, re.compile(words, re.IGNORECASE | re.DOTALL), severity, title)


_OPEN_DOCS = "The API's documentation is open"
DEBUG_PAGES = (
    _page("git", "/.git/HEAD", r"\A(ref: refs/|[0-9a-f]{40}\s*\Z)", "high", "The git repository is served"),
    _page("werkzeug", "/console", r"Interactive Console.{0,4000}(werkzeug|EVALEX)", "critical", "A console is open"),
    _page(
        "rails-info", "/rails/info/routes", r"Helper.{0,2000}(HTTP Verb|Controller#Action)", "medium", "Rails' routes"
    ),
    _page(
        "rails-console", "/rails/info/properties", r"(Rails|Ruby) version.{0,2000}Environment", "medium", "Rails' info"
    ),
    _page("profiler", "/_profiler/", r"Symfony Profiler|sf-profiler", "high", "Symfony's profiler is open"),
    _page("debugbar", "/_debugbar/open", r"phpdebugbar|\"utime\":|\"__meta\"", "high", "Laravel's debug bar is open"),
    _page("telescope", "/telescope/requests", r"<title>[^<]*Telescope|window\.Telescope", "high", "Telescope is open"),
    _page("horizon", "/horizon/dashboard", r"<title>[^<]*Horizon|window\.Horizon", "medium", "Horizon is open"),
    _page("ignition", "/_ignition/health-check", r"can_execute_commands", "high", "Ignition takes commands"),
    _page("phpinfo", "/phpinfo.php", r"phpinfo\(\)|PHP Version.{0,4000}Loaded Configuration File", "medium", "phpinfo"),
    _page("env", "/actuator/env", r"\"propertySources\"", "high", "Spring's environment is open"),
    _page("heap", "/actuator", r"\"_links\".{0,4000}(heapdump|/env|/configprops)", "high", "Spring's actuator is open"),
    _page(
        "pprof",
        "/debug/pprof/",
        r"Types of profiles available|/debug/pprof/</title>",
        "medium",
        "Go's profiler is open",
    ),
    _page("expvar", "/debug/vars", r"\"cmdline\":.{0,4000}\"memstats\":", "medium", "Go's variables are open"),
    _page("server-status", "/server-status", r"Apache Server Status", "medium", "Apache's status is open"),
    _page(
        "debug-toolbar",
        "/__debug__/render_panel/",
        r"djdt|Data for this panel isn",
        "medium",
        "The debug toolbar is open",
    ),
    _page("vite", "/@vite/client", r"HMRContext|createHotContext", "medium", "Vite's development server is open"),
    _page("graphiql", "/graphiql", r"<title>[^<]*GraphiQL|graphiql(\.min)?\.js", "low", _OPEN_DOCS),
    _page("swagger", "/docs", r"swagger-ui|SwaggerUIBundle", "low", _OPEN_DOCS),
    _page("api-docs", "/api-docs", r"swagger-ui|\"(openapi|swagger)\"\s*:\s*\"", "low", _OPEN_DOCS),
    _page("openapi", "/openapi.json", r"\"(openapi|swagger)\"\s*:\s*\"[23]", "low", _OPEN_DOCS),
    _page("swagger-json", "/swagger.json", r"\"(openapi|swagger)\"\s*:\s*\"[23]", "low", _OPEN_DOCS),
    _page("fastify-docs", "/documentation/json", r"\"(openapi|swagger)\"\s*:\s*\"[23]", "low", _OPEN_DOCS),
    _page("nest-docs", "/api-json", r"\"(openapi|swagger)\"\s*:\s*\"[23]", "low", _OPEN_DOCS),
)
"""What is asked for, and how it is known. The titles say what is open; severities are those for a public target."""

_TRACES = {
    "Django": re.compile(r"seeing this error because you have <code>DEBUG = True|Using the URLconf defined in"),
    "Rails": re.compile(r"Routing Error.{0,4000}Rails\.root:|Action Controller: Exception caught", re.DOTALL),
    "Laravel": re.compile(r"Ignition|Whoops, looks like something went wrong|laravel\.com/docs/[^\"]*errors"),
    "Flask": re.compile(r"Werkzeug Debugger|The debugger caught an exception in your WSGI application"),
    "ASP.NET": re.compile(r"Server Error in '/[^']*' Application|DeveloperExceptionPage"),
    "Phoenix": re.compile(r"Phoenix\.Router\.NoRouteError|no route found for (GET|POST) /[^<]*\([A-Z]\w+Web\.Router\)"),
}
"""Debug pages that stand in for errors."""


def debug_trace_in(text: str) -> str | None:
    """Whose debug page an error answer is; or None."""
    return next((name for name, pattern in _TRACES.items() if pattern.search(text[: 256 * 1024])), None)
