"""Whether a provider of scenes answers at all, asked once and briefly."""

from urllib.parse import urlsplit

import requests
from urllib3.exceptions import NameResolutionError

from pipeline.addresses import fill
from pipeline.settings.sources import StacApi

_SECONDS = 5


def explain_silence(api: StacApi) -> str:
    """Why a STAC API cannot be searched now; empty where its first page is one of STAC.

    No redirect is followed: only the host that the config names is asked.
    """
    host = urlsplit(fill(api.api)).hostname
    try:
        with requests.get(fill(api.api), timeout=_SECONDS, allow_redirects=False) as answer:
            if not answer.ok:
                return f"{host} answers with HTTP {answer.status_code}"
            return "" if "stac_version" in answer.json() else f"{host} answers, but not as a STAC API"
    except requests.JSONDecodeError:
        return f"{host} answers, but not as a STAC API"
    except requests.RequestException as error:
        return f"{host} {_explain(error)}"


def _explain(error: requests.RequestException) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.Timeout):
        return f"does not answer within {_SECONDS} s"
    if isinstance(error, requests.exceptions.SSLError):
        return f"has no certificate that this machine trusts: {reason}"
    if isinstance(reason, NameResolutionError):
        return "has no address: the name is wrong, or there is no network"
    return f"cannot be reached: {type(reason or error).__name__}"
