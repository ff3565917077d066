import shop.pictures
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('shop', '0010_shapes_hold'),
    ]

    operations = [
        migrations.AlterField(
            model_name='productpicture',
            name='image',
            field=shop.pictures.PictureField(upload_to='pictures/'),
        ),
    ]
