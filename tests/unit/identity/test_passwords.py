"""Passwords made by the program."""

from meterbook.identity import passwords


class TestOneTimePasswords:
    def test_are_four_groups_of_five_unmistakable_characters(self) -> None:
        groups = passwords.make_one_time_password().split("-")

        assert [len(group) for group in groups] == [5, 5, 5, 5]
        assert set("".join(groups)) <= set(passwords.ALPHABET)
        assert not set(passwords.ALPHABET) & set("01iloO")

    def test_do_not_repeat(self) -> None:
        made = {passwords.make_one_time_password() for _ in range(200)}

        assert len(made) == 200
