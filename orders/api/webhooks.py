"""Where payment providers tell us that something happened."""

import logging

from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from inventory.exceptions import StockBusy
from orders import payments
from orders.api.refusals import busy
from orders.api.serializers import ProblemOut
from orders.exceptions import BadSignature, ProviderAway
from shop.rest.problems import Problem

logger = logging.getLogger(__name__)

AWAY_RETRY_S = 30


class PaymentWebhook(APIView):
    """Signed by the provider, so neither a session nor a token counts here."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(
        operation_id="webhooks_payments_create",
        request=OpenApiTypes.OBJECT,
        responses={204: None, 403: ProblemOut, 404: ProblemOut, 503: ProblemOut},
    )
    def post(self, request: Request, provider: str) -> Response:
        """Take an event once; the same one again changes nothing. What it says is fetched before it is believed."""
        try:
            outcome = payments.receive(provider, request.headers, request._request.body)
        except KeyError as error:
            raise exceptions.NotFound from error
        except BadSignature as error:
            logger.warning("webhook of %s refused: %s", provider, error)
            raise Problem(403, "bad_signature", _("The signature is wrong.")) from error
        except ProviderAway as error:
            detail = _("The provider could not be asked. Send it again.")
            raise Problem(503, "provider_away", detail, retry_after_s=AWAY_RETRY_S) from error
        except StockBusy as error:
            raise busy() from error
        logger.info("webhook of %s: %s", provider, outcome)
        return Response(status=204)
