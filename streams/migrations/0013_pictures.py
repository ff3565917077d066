import shop.pictures
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('streams', '0012_still'),
    ]

    operations = [
        migrations.AlterField(
            model_name='streamsession',
            name='poster',
            field=shop.pictures.PictureField(blank=True, upload_to='posters/'),
        ),
    ]
