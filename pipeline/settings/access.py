"""How the files of a provider may be read: from which hosts, with which token, through which S3."""

from pipeline.addresses import Address
from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Strict


class S3(Strict):
    """An S3 service; its keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the environment."""

    endpoint: Address = Address("s3.amazonaws.com")
    virtual_hosting: bool = True
    region: str | None = None
    requester_pays: bool = False


class Access(Strict):
    """Where files may come from, and what opens them.

    `hosts` are patterns (`*.blob.core.windows.net`) of hosts, of buckets for s3://, which files may come
    from; none: from the host of the API. `folders` are those of this machine that they may lie in.
    `token_url` gives a token for all files of one place: `{account}` in it is the first label of a file's
    host, `{container}` the first folder of its path.
    """

    hosts: tuple[str, ...] = ()
    folders: tuple[ConfigPath, ...] = ()
    token_url: Address | None = None
    s3: S3 = S3()
