"""Says whether one version is newer than another."""
import click
from packaging.version import Version


@click.command()
@click.argument("one")
@click.argument("other")
def main(one: str, other: str) -> None:
    click.echo(f"{one} is {'newer' if Version(one) > Version(other) else 'not newer'} than {other}")


if __name__ == "__main__":
    main()
