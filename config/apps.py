from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConfigConfig(AppConfig):
    name = "config"
    default = True


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin, on a site of ours."""

    default = False
    default_site = "config.admin_site.Site"
