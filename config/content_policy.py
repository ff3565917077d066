"""What pages may run and load (Content-Security-Policy): one policy, and the narrowest change that the admin needs."""

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

ADMIN = {
    # Alpine, which unfold's menus and dialogs are made of, reads its expressions from attributes.
    "script-src": "'unsafe-eval'",
    # Unfold writes its theme, and bars' widths, into the page.
    "style-src": "'unsafe-inline'",
}
"""No inline script runs in the admin either. Every stranger is sent away before its pages, but for the sign-in."""


class ContentPolicyMiddleware(CSPMiddleware):
    """Send the policy of the settings with every page."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path.startswith("/admin/"):
            directives: dict[str, list[str]] = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]  # type: ignore[assignment]
            parts.replace = {name: [*directives[name], source] for name, source in ADMIN.items()}
        return parts
