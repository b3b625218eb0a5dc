"""Whether a provider of scenes answers at all, asked once and briefly."""

import json
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, NameResolutionError

from pipeline.addresses import fill
from pipeline.ingest.reading.patience import read_body
from pipeline.settings.sources import StacApi

_SECONDS = 5
_MOST_BYTES = 2**24


def explain_silence(api: StacApi) -> str:
    """Why a STAC API cannot be searched now; empty where its first page is one of STAC.

    No redirect is followed: only the host that the config names is asked.
    """
    host = urlsplit(fill(api.api)).hostname
    try:
        with requests.get(fill(api.api), timeout=_SECONDS, allow_redirects=False, stream=True) as answer:
            if not answer.ok:
                return f"{host} answers with HTTP {answer.status_code}"
            said = json.loads(read_body(answer.raw, _MOST_BYTES, _SECONDS))
            is_api = isinstance(said, dict) and "stac_version" in said
            return "" if is_api else f"{host} answers, but not as a STAC API"
    except requests.RequestException as error:
        return f"{host} {_explain(error)}"
    except (HTTPError, OSError):
        return f"{host} answers, but its answer does not end in time, or breaks off"
    except (ValueError, RecursionError):
        return f"{host} answers, but not as a STAC API"


def _explain(error: requests.RequestException) -> str:
    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.Timeout):
        return f"does not answer within {_SECONDS} s"
    if isinstance(error, requests.exceptions.SSLError):
        return f"has no certificate that this machine trusts: {reason}"
    if isinstance(reason, NameResolutionError):
        return "has no address: the name is wrong, or there is no network"
    return f"cannot be reached: {type(reason or error).__name__}"
