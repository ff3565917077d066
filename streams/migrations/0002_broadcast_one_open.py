from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("streams", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="broadcast",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)), fields=("session",), name="broadcast_one_open"
            ),
        ),
    ]
