"""What people say to careermail in a reply: one row per language, beside the dates of `words`.

A saying is a regular expression that a whole clause must match, folded as `clauses.folded` leaves it. Slots stand for
what a saying is about, and are captured by `clauses`: <it> what is meant of several, <one> the same by number only,
<day> a date, <moment> a day and a time, <name> a person and what follows. A row's own words are written <<so>>.
"""

from dataclasses import dataclass


@dataclass(frozen=True, eq=False)
class Sayings:
    """One language's sayings; all but `says`, `weak`, `terms` and the clock's names are regular expressions."""

    says: dict[str, tuple[str, ...]]  # what is said, by the verb that it is
    weak: dict[str, tuple[str, ...]]  # the same, where it counts only if it opens a sentence or names its number
    terms: dict[str, str]  # <<so>>: what sayings have in common
    before: str  # what may open a clause and changes nothing
    after: str  # what may close it
    polite: str  # what makes of a wish a question
    joint: str  # a word before which a new clause may begin
    because: str  # a word after which a reason follows
    hedge: str  # what makes anything said beside it doubtful
    denial: str  # what makes it doubtful unless it is a reason
    acting: str  # what makes a reason look like one more thing to do
    told: str  # what makes a wish to meet a tale of having met
    greeting: str
    thanks: str
    farewell: str
    postscript: str
    about: str  # what opens a contract in a new mail: its <name> tells with whom
    every: str  # all that the mail was about
    both: str
    rest: str
    pronoun: str
    also: str  # what may stand in a list of numbers
    label: str  # what may stand before a number
    ordinal: str  # what makes an ordinal of a number
    ordinals: tuple[str, ...]
    idle: frozenset[str]  # words that tell nothing about what is meant
    clock: tuple[str, ...]  # times of the day: hour (in figures), word, minute, am, pm, noon, half, past or to
    hours: tuple[str, ...]  # one to twelve, in words
    at: str  # what may stand before a time
    on: str  # what may stand before a day that has a time, and is not kept
    part_of_day: str  # what may follow a day and is not kept
    term: str  # "for two weeks" as `phrases` reads it
    named: dict[str, str]  # what may follow a <name>, by verb; it may hold a day or a term


_TERMS = {
    "talk": r"(?:(?:the|our|this|my) )?(?:career )?(?:talk|session|meeting|conversation|call|chat)",
    "it is": r"(?:(?:it|this|that|they|these|both)(?:'s|'re| is| are| was| were| has been| have been)? |its |thats )",
    "please": r"(?:(?:can|could|would|will) you (?:please )?)?(?:please )?(?:(?:let's|let us|(?:i'd|i would) like to|"
    r"(?:i|we) (?:need|have|want) to|(?:i|we)(?:'ll| will)) )?",
    "i will": r"(?:i'll|i will|ill|will|i am going to|i'm going to|let me)",
    "when": r"(?: (?:now|already|today|yesterday|this (?:morning|afternoon|week)|last (?:week|month|night)|earlier|"
    r"on time|a while ago))*",
    "done": r"(?:done and dusted|done|finished|completed|complete|sorted|✓)(?: ?✓)*",
    "not done": r"not (?:yet )?(?:done|finished|started|complete|there|ready)(?: yet)?|not yet",
    "moved": r"(?:moved|postponed|pushed|delayed|rescheduled|deferred|shifted|extended|changed)",
    "move": r"(?:move|postpone|push|delay|reschedule|defer|shift|extend|change)",
    "gone": r"(?P<why>(?:(?:no longer|not|isn't|is not) (?:relevant|needed|necessary|required|applicable)"
    r"(?: any ?more| any longer| now)?|obsolete|moot))",
    "is": r"(?: ?[-:.)=>]+ ?| )(?:(?:is|are|was|were|has been|have been|now|already|please|all) )*",
    "this time": r"(?: (?:this time|today|yesterday|this week|at all|yet|in the end|after all))*",
    "list": r"(?:contract|summary|list)",
    "missed": r"(?:happen|meet|talk|take place|make it|manage(?: it| to meet)?|get (?:to|round to) (?:it|meet|talk))",
    "i have not": r"(?:(?:i|we) )?(?:haven't|have not|havent|didn't|did not|didnt)",
    "begun": r"(?:done|do|finished|finish|started|start|(?:got|gotten|get) to|(?:got|get) round to)",
    "this": r"(?:(?:it|this|that|we|<<talk>>) )",
    "has not": r"(?:hasn't|has not|haven't|have not|hasnt|havent)",
    "it was": r"(?:(?:(?:<<talk>> (?:is|was|has been)|(?:we|i)(?:'ve)?|(?:(?:we|i) )?(?:have|had to)) |<<it is>>)"
    r"(?:(?:now|been) )*)",
    "goals": r"(?:goals?|plans?|direction|priorities|ambitions?|aims?)",
    "while": r"(?:days?|weeks?|months?)",
    "mails": r"(?:mails?|e-?mails?|reminders?|messages?|notes?|nudges?|notifications?)",
    "ask": r"(?:(?:can|could|would|will) you )?(?:please )?(?:book|schedule|arrange|set up|plan|organi[sz]e|find|"
    r"i need|i'd like|i would like|i want|we need)(?: (?:me|us|to have|to book|to schedule|to arrange|to set up))?",
    "an": r"(?:(?:a|an|another|one|some|the next|ad hoc|ad-hoc|extra|quick|proper) )*",
}

_SAYS = {
    "missed": (
        r"(?:no,? )?<<this>>?(?:didn't|did not|didnt|did'nt|couldn't|could not) <<missed>><<this time>>",
        r"(?:no,? )?<<this>>?(?:<<has not>>|never) (?:happened|met|took place|taken place)<<this time>>",
        r"(?:we |i )?(?:had to skip|skipped|missed)(?: it| this| that| this one| <<talk>>)?<<this time>>",
        r"(?:(?:it|this|<<talk>>) (?:was|is|got|has been) )?cancell?ed<<this time>>",
        r"(?:it |<<talk>> )?fell through",
        r"we (?:had to )?cancel(?:l?ed)?(?: it| this| <<talk>>)<<this time>>",
    ),
    "moved": (
        r"<<it was>>?(?:<<moved>>|move)(?: it| this| <<talk>>)?(?: back| out)? (?:to|until|till|for) <moment>",
        r"(?:it's|its|it is|<<talk>> is)(?: now)?(?: on| at| for)? <moment>",
        r"now (?:on|at) <moment>",
        r"new (?:time|date|slot|day)(?: is)?:? <moment>",
        r"<<it was>>?(?:<<moved>>|move)(?: it| this| <<talk>>)?(?: to)?",
        r"<<please>><<move>>(?: it| this| that| <<talk>>)? to <moment>",
        r"(?:we'll|we will|we)(?: now)? (?:meet|talk)(?: on| at)? <moment>",
    ),
    "no-contract": (
        r"no (?:need for an? )?(?:contract|commitments?|summary|agreements?)(?: needed| necessary)?<<this time>>",
        r"nothing this time",
        r"(?:there (?:is|was) )?nothing (?:was )?(?:agreed|to (?:write down|record|report|agree))(?: on)?<<this time>>",
        r"we (?:agreed|decided)(?: on)? nothing(?: this time| today)?",
        r"we (?:didn't|did not|didnt) (?:agree|decide)(?: on)? anything(?: this time| today)?",
        r"we made no (?:commitments?|agreements?)(?: this time| today)?",
        r"<<please>>skip the (?:contract|summary)(?: this time)?",
    ),
    "later": (
        r"<<i will>> (?:do|send|write|finish|get to)(?: it| this| that| the <<list>>)?(?: down| up)? (?:<day>|later)",
        r"<<please>>(?:remind|ask|nudge) me(?: again)?(?: about (?:it|this))? (?:<day>|later)",
        r"(?:give me|i need)(?: time)? (?P<day>(?:until|till) .{2,40})",
        r"(?:i need |give me )?(?:more|some) time",
        r"snooze",
        r"(?:no,? )?not (?:yet|now|today)",
    ),
    "done": (
        r"<<it is>>?(?:(?:all|already|now|finally|both) )*<<done>><<when>>",
        r"<it><<is>><<done>><<when>>",
        r"(?:(?:i|we)(?:'ve| have)? )?(?:(?:already|just|now|finally) )*(?:did|done|finished|completed):? <it><<when>>",
        r"<<please>>(?:mark as done|(?:mark|tick|check|set|record) <it> (?:off|as done|done|as completed?))",
    ),
    "not-yet": (
        r"(?:no,? )?(?:<<it is>>|i'm |i am )?(?:still )?(?:<<not done>>|in progress|wip|under ?way|ongoing|pending)",
        r"<it><<is>>(?:still )?(?:<<not done>>|in progress|wip|under ?way|ongoing|pending|open)",
        r"(?:no,? )?(?:(?:i|we)(?:'m|'re| am| are) )?(?:still )?(?:working )?on (?:it|this|that)",
        r"(?:no,? )?(?:(?:i|we)(?:'m|'re| am| are) )?still working on <it>",
        r"(?:<<it is>>|i'm |i am )?(?:almost|nearly|half|not quite|partly|getting) (?:done|finished|there|complete)",
        r"(?:no,? )?<<i have not>> (?:yet )?<<begun>>(?: yet)?",
        r"(?:no,? )?<<i have not>> (?:yet )?<<begun>> <it>(?: yet)?",
        r"no progress(?: yet)?",
    ),
    "move": (
        r"<<please>><<move>> <it>(?: back| out)? (?:to|until|till|by) <day>",
        r"<<please>><<move>>(?: the (?:date|deadline))?(?: back| out)? (?:to|until|till|by) <day>",
        r"<<it is>>?<<moved>> (?:to|until|till) <day>",
        r"<<it is>>?<<moved>> <it> (?:to|until|till) <day>",
        r"(?:(?:let's|let us) say|<<please>>make it) <day>",
        r"<it><<is>>(?:<<move>>|<<moved>>)(?: it)? (?:to|until|till) <day>",
        r"new (?:date|deadline)(?: is)?:? <day>",
        r"(?:i need|i'll need|give me)(?: time| more time)? (?:until|till) <day>",
        r"<<i will>> (?:do|finish|have|get|complete|manage)(?: done| finished| ready)? <day>",
        r"<<i will>> (?:do|finish|have|get|complete|manage) <it>(?: done| finished| ready)? <day>",
        r"(?:(?:i|it|this|that|they)(?:'ll| will) |will )be (?:done|finished|ready|complete) <day>",
        r"<it> will be (?:done|finished|ready|complete) <day>",
        r"<<please>>(?:<<move>>|<<moved>>|later|(?:i )?need more time|more time)(?: it| this| that)?(?: to)?",
        r"<it><<is>>(?:<<move>>|later)(?: it)?",
        r"(?:<<please>><<move>>(?: it)? by |(?:i need |give me )?)(?:an?|one|two|another|a few)(?: more)? <<while>>",
    ),
    "drop": (
        r"<<please>>(?:drop|scrap)",
        r"<<please>>(?:drop|scrap|delete|remove|cancel):? <it>",
        r"(?:i(?:'ve| have)? |we(?:'ve| have)? )?(?:dropped|scrapped):? <it>",
        r"<<it is>>?(?:dropped|scrapped|off the table)",
        r"<it><<is>>(?:drop|dropped|scrap|scrapped|cancelled|off the table)(?: it| this)?",
        r"<<it is>>?<<gone>>",
        r"<it><<is>><<gone>>",
    ),
    "changed": (
        r"(?:(?:my|our|the|their|his|her) )?<<goals>>(?: have| has)?(?: all)? changed",
        r"<name> <<goals>>(?: have| has)?(?: all)? changed",
        r"changed|things have changed",
    ),
    "pause": (
        r"<<please>>(?:pause|suspend)(?: until further notice| for now| for a while)?",
        r"<<please>>(?:pause|suspend) (?:until|till|to) <day>",
        r"<<please>>(?:pause|suspend) for (?P<term>.{2,40}?)",
        r"<<please>>(?:pause|suspend) <name>",
    ),
    "resume": (r"<<please>>(?:resume|unpause)", r"<<please>>(?:resume|unpause) <name>"),
    "stop": (
        r"<<please>>stop",
        r"<<please>>stop <name>",
        r"(?:please )?unsubscribe(?: me)?(?: from (?:this|these|all)(?: <<mails>>)?)?",
        r"<<please>>stop(?: sending)?(?: me)?(?: (?:these|this|any|all|the|more|your))* <<mails>>",
        r"no more <<mails>>|(?:please )?stop e?-?mailing me",
    ),
    "book": (
        r"(?:<<ask>> )?<<an>>career (?:conversation|talk|chat|session|meeting) with <name>",
        r"<<ask>> <<an>>(?:conversation|talk|chat|session|meeting|hour|time) (?:with|for) <name>",
        r"<<please>>book <name>",
        r"(?:(?:i'd|i would) like|(?:i|we) (?:need|want|have)) to (?:talk|speak|meet)(?: to| with) <name>",
    ),
}

_WEAK = {
    "later": (r"later", r"(?P<today>later today|tonight|this (?:afternoon|evening))", r"<day>"),
    "move": (
        r"<day>",
        r"<one>(?: ?[-:.)=>]+ ?| )<day>",
        r"<it>(?: ?:| -) <day>",
        r"<it> (?P<day>(?:by|before|until) .+)",
    ),
}

_ENGLISH_IDLE = (
    *(
        "the",
        "a",
        "an",
        "one",
        "ones",
        "thing",
        "things",
        "item",
        "commitment",
        "point",
        "is",
        "are",
        "was",
        "were",
        "has",
    ),
    *(
        "have",
        "been",
        "with",
        "to",
        "of",
        "for",
        "on",
        "in",
        "at",
        "about",
        "and",
        "my",
        "our",
        "his",
        "her",
        "their",
        "it",
    ),
    *("this", "that", "now", "already", "i", "we", "up", "part", "task", "also"),
)

ENGLISH = Sayings(
    says=_SAYS,
    weak=_WEAK,
    terms=_TERMS,
    before=r"(?:yes|yep|yeah|yup|nope|ok|okay|sorry|apologies|hi|hey|hello|unfortunately|sadly|actually|please|pls|"
    r"good news|just|also|and|but|then|so|or rather)",
    after=r"(?:please|pls|thanks|thank you|sorry|unfortunately|i'm afraid|instead|then|too|again)",
    polite=r"(?:please )?(?:can|could|would|will) you ",
    joint=r"(?:and|but|then|so)",
    because=r"(?:because(?: of)?|due to)",
    hedge=r"\b(?:if|unless|except|maybe|perhaps|probably|possibly|might|think|thought|guess|hope|hopefully|wish|kidding|"
    r"joking|joke|once|whether|provided|at least|not sure|unsure|should|would|supposed|wait|question|wrong|undo|"
    r"mistake|ignore|or not|or at|done with)\b|^or\b",
    denial=r"\b(?:not|no|never|nothing|none|nobody|neither|nor|cannot|cant|dont|only|but|however|although|though|half|"
    r"partly|almost|nearly|still|yet|will|done|finished|drop|dropped|move|moved|stop|pause)\b|n't\b|'ll\b",
    acting=r"^(?:(?:and|but|so|then|please|it|this|that|we|i|it's|is|was|now) )*(?:moved?|postponed?|rescheduled?|drop|"
    r"pause|stop|cancel|done|finished|later|tomorrow|by|until|book|remind|resume)\b",
    told=r"\b(?:went|yesterday|last|we (?:talked|met|spoke|had)|i (?:talked|met|spoke|had)|was (?:great|good|fine)|"
    r"didn't|cancel(?:led)?)\b",
    greeting=r"(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|morning)(?: [^ ]+(?: [^ ]+)?)?",
    thanks=r"(?:ok|okay|got it|noted|will do|sure|great|perfect|understood|good|fine|sorry|"
    r"(?:many |ok,? )?(?:thanks|thank you|thx|cheers|ta)"
    r"(?: (?:so|very) much| a lot| again| for (?:asking|the (?:reminder|nudge|note|mail|heads-?up))| [^ ]+)?)",
    farewell=r"(?:(?:(?:with )?(?:kind|best|warm|many) )?(?:regards|wishes)|best|cheers|all the best|br|kr|sincerely|"
    r"yours|take care|talk soon|sent from my .+|get outlook for .+|--|/[^ ]+)",
    postscript=r"(?:p\.? ?s\b)",
    about=r"(?:(?:the|our|my) )?(?:development )?(?:contract|summary|agreement|notes?)(?: (?:of|from) (?:my|our|the) "
    r"(?:talk|session|conversation))? (?:with|for) <name>",
    every=r"(?:all(?: (?:of (?:it|them|these|this)|three|four|five|of the above|the above))?|everything|every one|all)",
    both=r"both(?: of them)?",
    rest=r"(?:and )?(?:the )?(?:rest|others|other ones?|remaining|remaining ones?)|everything else",
    pronoun=r"(?:it|this|that|this one|that one|them|these|the (?:commitment|date|deadline|item))",
    also=r"and|also",
    label=r"(?:#|(?:number|no\.?|nr\.?|item|point) ?)",
    ordinal=r"st|nd|rd|th",
    ordinals=("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
    idle=frozenset(_ENGLISH_IDLE),
    clock=(
        r"(?P<hour>\d\d?)(?:[:.](?P<minute>[0-5]\d))? ?(?:(?P<am>a\.?m\.?)|(?P<pm>p\.?m\.?))",
        r"(?P<hour>\d\d?)[:.](?P<minute>[0-5]\d)(?: ?(?:h|hrs|hours))?",
        r"(?P<hour>\d\d?) ?h(?: ?(?P<minute>[0-5]\d))?",
        r"(?:at )?(?P<word>[a-z]+|\d\d?) o'?clock|at (?P<hour>\d\d?)",
        r"(?P<noon>noon|midday|12 noon)",
        r"(?:(?P<half>half past)|(?P<past>(?:a )?quarter past)|(?P<to>(?:a )?quarter to)) (?P<word>[a-z]+|\d\d?)",
    ),
    hours=("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"),
    at=r"(?:at|from|@)",
    on=r"(?:on|for|to)",
    part_of_day=r"(?:at |in the )?(?:morning|afternoon|evening|night|lunchtime)",
    term="in {}",
    named={
        "pause": r"|until further notice|for now|for a while|(?:until|till|to) (?P<day>.{2,40})|for (?P<term>.{2,40})",
        "book": r"|soon|asap|as soon as possible|(?P<day>.{2,40})",
        "changed": r"'s?|s",
        "resume": "",
        "stop": "",
    },
)

SAYINGS = {"en": ENGLISH}


def sayings_of(language: str) -> Sayings:
    """The row that serves a locale such as "en_GB": its language's, else English."""
    return SAYINGS.get(language.replace("-", "_").partition("_")[0].lower(), ENGLISH)
