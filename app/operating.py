"""The commands of whoever runs a desk: users, backup, restore, forget."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from app.accounts import ROLES, USERS, Accounts, Role
from app.batch import print_json
from app.options import home_option, json_option, model_option
from app.session import open_settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@home_option
def backup(file: Path, **flags: Any) -> None:
    """Write the home to FILE (.tar.gz), also while it is in use. The index is left out: it is rebuilt on restoring."""
    settings = open_settings(**flags)
    from rag.store.archive import write_archive

    write_archive(settings.home, file)
    click.echo(f"{settings.home} is backed up in {file} ({file.stat().st_size / 1e6:.1f} MB)")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True), required=False)
@click.option("--list", "listed", is_flag=True, help="Only show the backups that are kept in the home.")
@click.option("--force", is_flag=True, help="Also when the home holds an index already.")
@home_option
@model_option
def restore(file: Path | None, listed: bool, force: bool, **flags: Any) -> None:
    """Restore the home from FILE, or its catalog from the newest of the backups that are made before each change."""
    settings = open_settings(**flags)
    from rag.store import archive
    from rag.store.backup import backups

    if listed:
        found = backups(settings.home)
        click.echo("\n".join(one.line for one in found) or "No backup is kept; one is made before each change.")
    elif file:
        documents = archive.restore_archive(settings.home, file, settings.embedder(), settings.chroma, force=force)
        click.echo(f"{settings.home} holds the {documents} documents of {file}")
    else:
        line, documents = archive.restore_backup(settings.home, settings.embedder(), settings.chroma)
        click.echo(f"{settings.home} holds {documents} documents again, as in {line}")


@click.command()
@click.argument("document")
@json_option
@home_option
@model_option
def forget(document: str, as_json: bool, **flags: Any) -> None:
    """Delete DOCUMENT (name, title, source or id) from every store, backup, log and record of the home."""
    settings = open_settings(**flags)
    from ingest.forget import forget as forget_document

    found = forget_document(settings, settings.embedder(), document)
    if as_json:
        print_json({"forgotten": list(found.sources), "records": found.records, "left": list(found.left)})
        return
    for source in found.sources:
        click.echo(f"forgotten: {source}")
    click.echo(f"{found.records} records and log lines that named or quoted it are gone; backups were made anew.")
    for path in found.left:
        click.echo(f"The file {path} itself lies outside the home; delete it, or the next ingestion reads it again.")


@click.group()
def users() -> None:
    """Who may use the page where it is not on this machine only: readers ask, editors add and remove as well."""


@users.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice(ROLES), default="reader", show_default=True)
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input, for scripts.")
@home_option
def users_add(name: str, role: Role, password_stdin: bool, **flags: Any) -> None:
    """Add NAME, or give one another password and role. Asks for the password."""
    accounts = Accounts(open_settings(**flags).home / USERS)
    if password_stdin:
        password = click.get_text_stream("stdin").readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    accounts.put(name, password, role)
    click.echo(f"{name} may log in as {role}")


@users.command("remove")
@click.argument("name")
@home_option
def users_remove(name: str, **flags: Any) -> None:
    """Remove NAME, also from a page that is running."""
    Accounts(open_settings(**flags).home / USERS).remove(name)
    click.echo(f"{name} is removed")


@users.command("list")
@home_option
def users_list(**flags: Any) -> None:
    """Show who may log in, and as what."""
    for name, role in sorted(Accounts(open_settings(**flags).home / USERS).names().items()):
        click.echo(f"{name}\t{role}")
