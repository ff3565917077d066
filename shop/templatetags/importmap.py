"""{% load importmap %}: {% importmap %}, by whose names page scripts import each other; {% modulepreload NAME … %}."""

import json
from functools import lru_cache
from pathlib import Path

from django import template
from django.conf import settings
from django.template import RequestContext
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

HLS = "npm/hls.mjs"


@register.simple_tag(takes_context=True)
def importmap(context: RequestContext) -> SafeString:
    """Write the import map: each static/js/<name>.js is `showfloor/<name>`; hls.js is there once it was fetched."""
    imports = _imports.__wrapped__() if settings.DEBUG else _imports()
    # "</" can't come from a file name of ours; it is escaped all the same, as json_script does.
    body = json.dumps({"imports": imports}).replace("<", "\\u003C")
    return format_html(
        '<script type="importmap" nonce="{}">{}</script>',
        context.get("csp_nonce", ""),
        mark_safe(body),  # noqa: S308 (our own file names, "<" escaped above)
    )


@register.simple_tag
def modulepreload(*names: str) -> SafeString:
    """Have the browser fetch scripts before others ask for them; below the import map, or that would not count."""
    imports = _imports.__wrapped__() if settings.DEBUG else _imports()
    links = ((imports[name],) for name in names if name in imports)
    return format_html_join("", '<link rel="modulepreload" href="{}">', links)


@lru_cache(maxsize=1)
def _imports() -> dict[str, str]:
    roots = [Path(root) for root in settings.STATICFILES_DIRS]
    imports = {
        f"showfloor/{script.stem}": static(f"js/{script.name}")
        for root in roots
        for script in sorted((root / "js").glob("*.js"))
    }
    if any((root / HLS).exists() for root in roots):
        imports["hls.js"] = static(HLS)
    return imports
