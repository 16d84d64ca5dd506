"""Publish to the Hub: one commit, verified, then tagged."""

from collections.abc import Callable
from typing import Final, Literal

from pydantic import Field

from hubkit import hub
from hubkit.errors import AuthorisationError, ConflictError, IntegrityError, RecipeError, StoppedError
from hubkit.publishing import (
    FOR_REVIEW,
    Lock,
    Placed,
    Present,
    Publication,
    Release,
    Version,
    changes,
    check_greater,
    check_unmoved,
    found_repo,
    hold,
    holds,
    inspect,
    newest,
    place,
    present,
    propose,
    restore,
    stage_title,
    tag,
    take_back,
    verify_by_drawing,
    verify_hashes,
)
from hubkit.values import OwnRepo, Settings, Tag

SMALL: Final = 1 << 30
"""Bytes. A release under this size is downloaded again and drawn with, unless the recipe says otherwise."""


class HubTarget(Settings):
    """A model repo on the Hub whose tree is exactly the release."""

    kind: Literal["hub"]
    repo: OwnRepo | None = Field(
        None,
        description="`name`, `namespace/name` or `{user}/name`; default: the recipe's name, in one's own namespace.",
    )
    private: bool = Field(default=False, description="Create the repo as private; an existing repo must be so already.")
    fp16: bool = Field(default=False, description='Also publish half-precision copies, loaded with `variant="fp16"`.')
    tag: Tag | None = Field(None, description="Tag of the commit once it is verified. Tags never move.")
    stage: bool = Field(
        default=False,
        description="Verify the model in a pull request on the Hub first; `main` gets it, in one commit, when it is"
        " right.",
    )
    review: bool = Field(
        default=False, description="Open a pull request with a model that a gate keeps back, for people to look at."
    )
    verify: Literal["auto", "full", "hashes"] = Field(
        "auto", description="'full' loads the published model and draws with it again; 'auto' does so under 1 GiB."
    )

    def address(self, name: str, user: str) -> str:
        """The repo's id, for whoever is logged in."""
        wanted = (self.repo or name).replace("{user}", user)
        return wanted if "/" in wanted else f"{user}/{wanted}"

    @property
    def version(self) -> str | None:
        """The tag of the commit."""
        return self.tag

    def model_id(self, name: str) -> str:
        """The repo's id; `your-name/…` while it is not known who will publish."""
        return self._known_address(name) or self.address(name, "your-name")

    def address_of(self, name: str, path: str) -> str | None:
        """On its main branch; None on a Hub of this machine."""
        return None if hub.is_local() else hub.file_url(self.model_id(name), "main", path)

    def present(self, name: str) -> Present | None:
        """What stands in the repo. Raises AuthorisationError while nobody is logged in."""
        return present(self.address(name, hub.whoami()))

    def _known_address(self, name: str) -> str | None:
        try:
            return self.address(name, hub.whoami())
        except (AuthorisationError, StoppedError):
            return None

    def check(self, name: str, card: Callable[[], str], made: Release | None = None) -> None:
        """Refuse now what would be refused after the training: token, namespace, repo, tag, card."""
        account = hub.account()
        repo = self.address(name, account.name)
        hub.check_repo_id(repo)
        hub.check_may_write(account, repo)
        there = hub.resolve_own(repo)
        if there is not None:
            self._check_visibility(repo, private=there.private)
            self._check_tag(repo, made)
        hub.validate_card(card())

    def publish(self, release: Release) -> Publication:
        """One commit on top of what it was described to follow; then every hash; then the tag.

        Where what the Hub then holds is not the release, `main` goes back to what it was, and nothing is tagged.
        """
        inspect(release)
        repo = self._own(release)
        lock = release.lock
        now = present(repo)
        check_unmoved(repo, now, release.on, lock)
        self._check_version(now, lock)
        seen = now.commit if now else found_repo(repo, private=self.private)
        placed, found = (self._staged if self.stage else self._placed)(release, repo, seen)
        if self.tag and self.tag not in hub.tags(repo):
            tag(repo, self.tag, placed.commit)
        self._close_proposals(release, repo, placed.commit)
        return Publication(
            url=hub.repo_url(repo),
            repo=repo,
            commit=placed.commit,
            revision=self.tag or placed.commit,
            tag=self.tag,
            created=placed.created,
            verified=found,
        )

    def set_aside(self, release: Release, why: str) -> str | None:
        """With `review`, a pull request that holds it; `main` stays what it is."""
        if not self.review:
            return None
        inspect(release)
        repo = self._own(release)
        now = present(repo)
        seen = now.commit if now else found_repo(repo, private=self.private)
        words = f"Not published: {why}\n\nDo not merge it here: `hubkit publish RUN --accept REASON` publishes it."
        title = f"{FOR_REVIEW}{release.message} ({release.lock.made_from[:12]})"
        return propose(release, repo, seen, title, words).url

    def _placed(self, release: Release, repo: str, seen: str) -> tuple[Placed, tuple[str, ...]]:
        """On `main` at once; taken back where it does not verify."""
        placed = place(release, repo, seen)
        try:
            return placed, self._verified(release, repo, placed.commit)
        except IntegrityError as error:
            raise take_back(release.lock, repo, placed, error) from error

    def _staged(self, release: Release, repo: str, seen: str) -> tuple[Placed, tuple[str, ...]]:
        """On `main` only once it is verified in a pull request."""
        if holds(repo, seen, release):
            return self._placed(release, repo, seen)
        proposal = propose(release, repo, seen, stage_title(release), "To be verified before it goes to main.")
        try:
            found = self._verified(release, repo, proposal.commit)
        except IntegrityError as error:
            hub.close(proposal, f"It did not verify: {error.faults[0].message}")
            raise
        placed = restore(repo, proposal.commit, seen, release.message)
        return placed, (*found, verify_hashes(release, repo, placed.commit))

    def _close_proposals(self, release: Release, repo: str, commit: str) -> None:
        """What was staged is on `main`; what was to be looked at has been, once something is published."""
        prefixes = [*([stage_title(release)] if self.stage else []), *([FOR_REVIEW] if self.review else [])]
        for proposal in (one for prefix in prefixes for one in hub.proposals(repo, prefix)):
            hub.close(proposal, f"{commit} was published.")

    def _own(self, release: Release) -> str:
        """The repo that the release goes to, which its card names."""
        repo = self.address(release.name, hub.whoami())
        if release.model_id != repo:
            raise RecipeError(
                f"the card tells readers to load {release.model_id}, but the model would go to {repo}",
                help="describe the run again, so that its card names the repo",
                code="HK282",
            )
        known = hub.resolve_own(repo)
        if known is not None:
            self._check_visibility(repo, private=known.private)
            self._check_tag(repo, release)
        return repo

    def _verified(self, release: Release, repo: str, commit: str) -> tuple[str, ...]:
        """What was found at the commit, in words. Raises IntegrityError."""
        found = verify_hashes(release, repo, commit)
        if self.verify == "full" or (self.verify == "auto" and release.bytes < SMALL):
            return found, *verify_by_drawing(release, repo, commit)
        return (found,)

    def _check_visibility(self, repo: str, *, private: bool) -> None:
        if self.private and not private:
            raise ConflictError(
                f"the recipe says private = true, but {repo} is there already and public",
                help="choose another name with --repo, or make that repo private on the Hub",
                code="HK903",
            )

    def _check_tag(self, repo: str, made: Release | None) -> None:
        """Refuse a tag that stands elsewhere, and a version that is not greater than those there."""
        if not self.tag:
            return
        known = hub.tags(repo)
        stands = known.get(self.tag)
        if stands and not (made and holds(repo, stands, made)):
            raise ConflictError(
                f"the tag {self.tag} of {repo} is taken: it stands at {stands}, and tags never move",
                help="choose another tag: --tag, or publish.tag in the recipe",
                code="HK902",
            )
        version, last = Version.parse(self.tag), newest(list(known))
        if version and last and not stands:
            check_greater(version, last)

    def _check_version(self, now: Present | None, lock: Lock) -> None:
        """Refuse a version that promises more likeness to the last one than there is."""
        last = now.before(lock.made_from) if now else None
        if self.tag and last and last.tag and last.lock and last.tag != self.tag:
            hold(self.tag, last.tag, changes(last.lock, lock))
