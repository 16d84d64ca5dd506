"""The line of every key, however TOML lets it be written."""

from hubkit.recipe.positions import lines_of_keys

TEXT = '''\
a = 1                      # [not.a.table]
"b c" = "x = 1"
d.e.'f' = [ 1,
  "]",   # ]
  { g = 2, h.i = """
j = 3
""" } ]

k = \'\'\'
[l]
\'\'\'
[m . "n"]
o = { p = 1, q = { r = "}" } }
[[s]]
t = 1
[s.u]
v = 1
[[s]]
[[s.w]]
x = 1979-05-27 07:32:00
[[s.w]]
y = "\\"" # z = 1
'''

EXPECTED = {
    ("a",): 1,
    ("b c",): 2,
    ("d",): 3,
    ("d", "e"): 3,
    ("d", "e", "f"): 3,
    ("d", "e", "f", 0): 3,
    ("d", "e", "f", 1): 4,
    ("d", "e", "f", 2): 5,
    ("d", "e", "f", 2, "g"): 5,
    ("d", "e", "f", 2, "h"): 5,
    ("d", "e", "f", 2, "h", "i"): 5,
    ("k",): 9,
    ("m",): 12,
    ("m", "n"): 12,
    ("m", "n", "o"): 13,
    ("m", "n", "o", "p"): 13,
    ("m", "n", "o", "q"): 13,
    ("m", "n", "o", "q", "r"): 13,
    ("s",): 14,
    ("s", 0): 14,
    ("s", 0, "t"): 15,
    ("s", 0, "u"): 16,
    ("s", 0, "u", "v"): 17,
    ("s", 1): 18,
    ("s", 1, "w"): 19,
    ("s", 1, "w", 0): 19,
    ("s", 1, "w", 0, "x"): 20,
    ("s", 1, "w", 1): 21,
    ("s", 1, "w", 1, "y"): 22,
}


def test_every_key_is_found_at_its_line():
    assert EXPECTED == lines_of_keys(TEXT)


def test_text_that_is_no_toml_is_walked_to_its_end():
    for text in ("= = =", "[[[", "x = [,,,", "x = {,", "\x00", "x", "[a]b]c", 'x = "', "x = ]"):
        lines_of_keys(text)
