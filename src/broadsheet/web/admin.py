"""What the operators' pages do not show: allauth's tables of secrets and addresses, which this site leaves empty."""

from django.conf import settings
from django.contrib import admin

if settings.SIGN_IN_WITH:
    from allauth.account.models import EmailAddress
    from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken

    admin.site.unregister([EmailAddress, SocialAccount, SocialApp, SocialToken])
