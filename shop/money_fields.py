"""The form field for a sum of money: it shows and takes major units (12.50) and gives minor ones (1250)."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _

from shop import amounts
from shop.amounts import AmountRefused
from shop.money import format_minor


class MoneyField(forms.Field):
    """A sum of `currency`, or of what the form's field `currency_field` says (see `MoneyForm`)."""

    widget = forms.TextInput

    def __init__(
        self, *, currency: str = "", currency_field: str = "currency", min_minor: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.currency, self.currency_field, self.min_minor = currency, currency_field, min_minor

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off", "maxlength": str(amounts.LONGEST)}

    def prepare_value(self, value: Any) -> Any:
        return amounts.show(value, self.currency) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        try:
            minor = amounts.parse(str(value), self.currency)
        except AmountRefused as refused:
            raise forms.ValidationError(words_of(refused, self.currency)) from refused
        if minor < self.min_minor:
            least = {"least": format_minor(self.min_minor, self.currency)}
            raise forms.ValidationError(_("At least %(least)s.") % least)
        return minor

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(data) != initial)
        except forms.ValidationError:
            return True


class MoneyForm(forms.BaseForm):
    """Tells the form's money fields which currency their sums are in: the one that is sent with them, or stands."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, MoneyField) and field.currency_field in self.fields:
                field.currency = self._currency(field.currency_field)

    def _currency(self, name: str) -> str:
        field = self.fields[name]
        asked = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name)) if self.is_bound else ""
        try:
            return str(field.clean(asked))
        except forms.ValidationError:  # said at that field
            return str(self.get_initial_for_field(field, name))


def words_of(refused: AmountRefused, currency: str) -> str:
    """Say to the person who typed it why a sum is refused, and how it is written."""
    example = {"example": amounts.show(1250, currency), "currency": currency}
    match refused:
        case amounts.Ambiguous(grouped, decimal):
            return _(
                "This could be %(grouped)s or %(decimal)s. Write %(grouped)s, or a sum with decimals like %(example)s."
            ) % {"grouped": grouped, "decimal": decimal, **example}
        case amounts.TooFine(0):
            return _("%(currency)s has no smaller parts: write a whole number, like %(example)s.") % example
        case amounts.TooFine(digits):
            return _("%(currency)s has %(digits)d digits after the point: write %(example)s.") % {
                "digits": digits,
                **example,
            }
        case amounts.OtherCurrency(sign):
            return _("This says %(sign)s, and the sum is in %(currency)s.") % {"sign": sign, **example}
        case amounts.NegativeAmount():
            return _("This can't be less than nothing.")
        case amounts.TooLarge():
            return _("That is more than can be counted.")
        case _other:
            return _("That is not a sum of money. Write it like this: %(example)s") % example
