"""The words that occur in answers: units, joiners, conditions, and what makes a name a word."""

from typing import Final

JOINERS: Final = frozenset(("and", "or"))
#: Words that begin the condition a value or statement holds under.
CONDITIONS: Final = frozenset(("for", "where", "when", "whenever", "if", "with", "such", "given",
                               "provided", "otherwise"))  # fmt: skip
#: Words that turn "5 apples" into a sentence about apples.
_SENTENCE: Final = (
    "is are was were be been has have had will would can could should must may might does do did "
    "less more lower higher fewer greater smaller larger than not no never nor neither but without "
    "except unless out either maybe about approximately between remainder quotient to from by at "
    "least most only both each any all some none nothing that which who because since so then it "
    "he she they we i you this these those there equals equal "
    "halves thirds fourths fifths sixths sevenths eighths ninths tenths hundredths thousandths "
    "tens hundreds thousands millions billions dozens lakh lakhs crore crores doubled tripled "
    "two three four five six seven eight nine ten eleven twelve twenty reciprocal opposite "
    "squared cubed factorial plus minus negative divided multiplied root mod modulo"
)
SENTENCE: Final = frozenset(_SENTENCE.split())
#: Words that deny or alter the number they stand beside, before it or behind.
ALTERING: Final = frozenset(
    "not wrong incorrect false unlikely excluded rejected impossible untrue avoid doubt but "
    "negation negated reversed successor predecessor complement double doubled halved triple "
    "tripled twice thrice squared cubed near close past try".split()
)
#: Words that do so where they are the last behind it: "5 negative", but not "5 negative roots".
ALTERING_LAST: Final = ALTERING | frozenset(
    "negative inverse reciprocal opposite half third quarter zero one thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen thirty forty fifty sixty seventy eighty ninety less more "
    "times off lakh lakhs crore crores bn gross score scores fold trillions quadrillion".split()
)
#: Words that multiply the number before them.
SCALES: Final = {
    "hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
    "dozen": 12,
}  # fmt: skip
SECOND_POWERS: Final = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cu": 3, "cubed": 3}

#: Units that pint or the quantity rules know, singular and plural, as they are written.
UNITS: Final = frozenset(
    (
        "m cm mm km dm nm um meter meters metre metres centimeter centimeters centimetre "
        "centimetres millimeter millimeters millimetre millimetres kilometer kilometers kilometre "
        "kilometres inch inches in foot feet ft yard yards yd yds mile miles mi nmi "
        "g kg mg gram grams kilogram kilograms milligram milligrams pound pounds lb lbs ounce "
        "ounces oz ton tons tonne tonnes stone "
        "s sec secs second seconds ms min mins minute minutes h hr hrs hour hours day days week "
        "weeks month months year years yr yrs decade decades century centuries "
        "l L ml mL cl dl liter liters litre litres milliliter milliliters gallon gallons gal quart "
        "quarts qt pint pints pt cup cups cc tablespoon tablespoons tbsp teaspoon teaspoons tsp "
        "mph wpm WPM bpm BPM psi fps kmh kph kmph knot knots rpm "
        " Hz kHz MHz GHz N kN newton newtons J kJ joule joules "
        "W kW MW watt watts kWh V volt volts A mA amp amps ampere amperes ohm ohms C coulomb "
        "coulombs F K Pa kPa MPa pascal pascals atm bar mol mole moles cal kcal calorie calories "
        "eV keV MeV T B KB MB GB TB Mb bit bits byte bytes "
        "degree degrees deg rad radian radians percent pct acre acres hectare hectares ha "
        "dollar dollars cent cents euro euros yuan rupee rupees yen usd USD EUR GBP Rs pence penny "
        "pennies dime dimes nickel nickels buck bucks "
        "unit units sq cu square cubic mpg sqft"
    ).split()
)
#: Units that may follow their number without a space although their letters could be variables.
GLUED_UNITS: Final = frozenset(
    "kg cm mm km mg ml mL lb lbs oz ft hr hrs min mins sec secs kmh mph km kWh kHz MHz Hz kJ kPa "
    "mol rad deg am pm".split()
)
#: Single letters read as units where they close a measured number: ``20 m``.
UNIT_LETTERS: Final = frozenset("mgshlLNJWVACKFT")
#: Letters of the options of a multiple-choice question.
OPTIONS: Final = frozenset("ABCDE")
ORDINALS: Final = frozenset(("st", "nd", "rd", "th"))
CURRENCY_NAMES: Final = frozenset(("Rs", "USD", "EUR", "GBP", "INR", "RMB", "CNY", "JPY"))
CURRENCIES: Final = {"\\$": "$", "$": "$", "€": "€", "£": "£", "¥": "¥", "₹": "₹"}

_VOWELS: Final = frozenset("aeiou")
#: Short words that would pass for products of variables.
_SHORT_WORDS: Final = frozenset(
    "am an as at be by do go he if in is it me my no of ok on or so to up us we pm vs "
    "ace act add all and any are bad bet bit big bit blu boy but buy cat cow day dog dot few fly "
    "for fox fry got guy how now dry sky why try cry shy spy gym act most cost host first "
    "almost best fist hint lost knot loss".split()
)


def is_word(name: str) -> bool:
    """Whether a run of letters reads as a word rather than as a product of variables.

    Runs of up to four letters are products when they are in alphabetical order, in capitals or
    without vowels (abc, xyz, ABCD, mnp): what is left is pronounceable, hence a word.
    """
    if len(name) < 2 or not name.isascii():
        return len(name) > 1
    if len(name) > 4:
        return True
    lower = name.lower()
    if lower in _SHORT_WORDS or lower in _ANSWER_WORDS:
        return True
    if len(name) == 2 or name.isupper():
        return False
    if all(first < second for first, second in zip(lower, lower[1:], strict=False)):
        return False
    if _VOWELS.isdisjoint(lower):
        return "y" in lower and "x" not in lower and "z" not in lower
    return True


_ANSWER_WORDS: Final = frozenset(
    "yes no odd even true none all one two six ten nine five four red blue east west left both "
    "slow fast rise fall mon tue wed thu fri sat sun may june july".split()
)
