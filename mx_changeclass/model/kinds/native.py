"""The native app that is, or will be, in the stores: what its template folder tells, as one row of facts.

Keys of the row, each absent where it is not known. ``<platform>`` is ``ios`` or ``android``:

==============================================  =====================================================
``template`` ``reactNative``                    release of the native template, React Native version
``appName`` ``bundleId`` ``version`` ``build``  as the builder's configuration states them
``<platform>.appName`` …                        the same four as the platform's own files state them
``runtimeUrl`` ``<platform>.runtimeUrl``        where the app finds its server
``<platform>.appName.<where>``                  the name in another language or source set
``permission.<name>``                           True, "removed", or the purpose text a user reads
``configured.permission.<name>``                what the builder writes over the former
``<platform>.capability.<name>``                what of push messages, deep links, ... is compiled in
``dependency.<package>``                        version in ``package.json``
``override.<package>`` ``resolution.…``         version that it forces on all, by npm, yarn or ``pnpm.…``
``hook.<name>``                                 script that an installation of its packages runs
``linked.<package>``                            the native dependencies the binary was built with
``font.<file>`` ``code.<file>``                 digests of fonts and of native sources
``<platform>.icons`` ``<platform>.splash``      digests of all launcher icons and of the splash screen
``<platform>.minimum``                          lowest Android API level or iOS version
``<platform>.signing`` ``<platform>.files``     digests of what signs the app, and of all its other build files
``files`` ``patches`` ``lock``                  digests of what configures linking, of patches to npm packages, and
                                                of npm's lock file
``unknown``                                     a digest of the files of which nobody knows what a build does with them
``databaseName`` ``filesDirectory``             local storage, where own native code names it
``unread``                                      what was there and could not be read, in words
==============================================  =====================================================
"""

from __future__ import annotations

from collections.abc import Mapping

from mx_changeclass.model.kinds import Kind, key, kind
from mx_changeclass.model.native_templates import binary_version_of
from mx_changeclass.model.snapshot import Element

Fact = str | int | bool | tuple[str, ...]

PLATFORMS = ("ios", "android")
BINARY_ID, BINARY_NAME = "native:binary", "native app"


@kind("File$NativeBinary")
class NativeBinary(Kind):
    """A native app, by the facts of its template folder or of a facts file kept beside a release."""

    template = key("template", "")
    react_native = key("reactNative", "")
    database_name = key("databaseName", "")
    unread = key[tuple[str, ...]]("unread", ())

    @property
    def binary_version(self) -> int | None:
        """The number by which server and client agree; stated, or that of the template release."""
        stated = self.row.props.get("binaryVersion")
        return stated if isinstance(stated, int) else binary_version_of(self.template)

    @property
    def app_name(self) -> str:
        return self._first("appName")

    @property
    def bundle_id(self) -> str:
        return self._first("bundleId")

    @property
    def version(self) -> str:
        return self._first("version")

    @property
    def build(self) -> str:
        return self._first("build")

    @property
    def dependencies(self) -> Mapping[str, str]:
        """npm packages of the template, by name."""
        return self._under("dependency.")

    @property
    def linked(self) -> Mapping[str, str]:
        """Native dependencies of the project that the binary was built with, by package."""
        return self._under("linked.")

    @property
    def permissions(self) -> Mapping[str, str]:
        return self._under("permission.")

    def _first(self, name: str) -> str:
        found = (self.row.props.get(k) for k in (name, *(f"{platform}.{name}" for platform in PLATFORMS)))
        return next((str(value) for value in found if value not in (None, "")), "")

    def _under(self, prefix: str) -> Mapping[str, str]:
        return {k.removeprefix(prefix): str(v) for k, v in self.row.props.items() if k.startswith(prefix)}


def native_binary(facts: Mapping[str, Fact], unit_id: str = BINARY_ID, name: str = BINARY_NAME) -> Element:
    """The row of a native app out of its facts."""
    return Element(unit_id, "File$NativeBinary", name, None, "", dict(sorted(facts.items())))
