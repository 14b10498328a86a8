"""A synthetic chat corpus small enough for a 1M-parameter model: list of conversations, each [(role, text), ...]."""

import json, random

CAP = dict(
    France="Paris",
    Germany="Berlin",
    Italy="Rome",
    Spain="Madrid",
    Portugal="Lisbon",
    Austria="Vienna",
    Greece="Athens",
    Poland="Warsaw",
    Hungary="Budapest",
    Norway="Oslo",
    Sweden="Stockholm",
    Finland="Helsinki",
    Denmark="Copenhagen",
    Iceland="Reykjavik",
    Ireland="Dublin",
    Belgium="Brussels",
    Switzerland="Bern",
    Russia="Moscow",
    Ukraine="Kyiv",
    Turkey="Ankara",
    Egypt="Cairo",
    Kenya="Nairobi",
    Nigeria="Abuja",
    Ghana="Accra",
    Morocco="Rabat",
    Ethiopia="Addis Ababa",
    Japan="Tokyo",
    China="Beijing",
    India="New Delhi",
    Thailand="Bangkok",
    Vietnam="Hanoi",
    Indonesia="Jakarta",
    Nepal="Kathmandu",
    Iran="Tehran",
    Iraq="Baghdad",
    Canada="Ottawa",
    Mexico="Mexico City",
    Cuba="Havana",
    Brazil="Brasilia",
    Argentina="Buenos Aires",
    Chile="Santiago",
    Peru="Lima",
    Colombia="Bogota",
    Australia="Canberra",
    Scotland="Edinburgh",
    Wales="Cardiff",
    England="London",
    Romania="Bucharest",
    Bulgaria="Sofia",
    Serbia="Belgrade",
)
CAP["New Zealand"] = "Wellington"
CAP["South Korea"] = "Seoul"
CAP["the United States"] = "Washington"
CAP["the Netherlands"] = "Amsterdam"
OPP = dict(
    hot="cold",
    big="small",
    fast="slow",
    up="down",
    day="night",
    light="dark",
    happy="sad",
    old="new",
    open="closed",
    wet="dry",
    rich="poor",
    hard="soft",
    full="empty",
    high="low",
    early="late",
    true="false",
    left="right",
    long="short",
    loud="quiet",
    strong="weak",
)
COL = dict(
    sky="blue",
    grass="green",
    snow="white",
    coal="black",
    blood="red",
    banana="yellow",
    lemon="yellow",
    carrot="orange",
    sea="blue",
    tomato="red",
    milk="white",
    leaf="green",
)
SOUND = dict(
    dog="woof",
    cat="meow",
    cow="moo",
    duck="quack",
    sheep="baa",
    pig="oink",
    lion="roar",
    bee="buzz",
    snake="hiss",
    owl="hoot",
)
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
MONTHS = "January February March April May June July August September October November December".split()
NAMES = "Ann Bob Eve Tom Mia Leo Zoe Max Ida Sam Kim Ben Amy Dan Joe Liz Ray Sue Tim Pam Ivy Roy Una Gus".split()
WORDS = "apple river stone cloud tiger green seven happy moon table paper ocean music bread light garden winter silver candle forest".split()
NUM = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty".split()
HELLO = dict(
    French="Bonjour",
    Spanish="Hola",
    German="Hallo",
    Italian="Ciao",
    Japanese="Konnichiwa",
    Portuguese="Ola",
    Swedish="Hej",
    Hawaiian="Aloha",
)
WROTE = {
    "Hamlet": "William Shakespeare",
    "Don Quixote": "Miguel de Cervantes",
    "War and Peace": "Leo Tolstoy",
    "Emma": "Jane Austen",
    "Dracula": "Bram Stoker",
    "Frankenstein": "Mary Shelley",
    "The Odyssey": "Homer",
    "Moby Dick": "Herman Melville",
    "Oliver Twist": "Charles Dickens",
    "Faust": "Johann Wolfgang von Goethe",
    "The Trial": "Franz Kafka",
    "The Hobbit": "J. R. R. Tolkien",
}
SPEAK = dict(
    France="French",
    Germany="German",
    Italy="Italian",
    Spain="Spanish",
    Portugal="Portuguese",
    Brazil="Portuguese",
    Japan="Japanese",
    China="Chinese",
    Russia="Russian",
    Greece="Greek",
    Poland="Polish",
    Sweden="Swedish",
    Norway="Norwegian",
    Mexico="Spanish",
    Egypt="Arabic",
    Iran="Persian",
    Turkey="Turkish",
    Thailand="Thai",
)
MANY = {
    "days are in a week": "There are 7 days in a week.",
    "months are in a year": "There are 12 months in a year.",
    "hours are in a day": "There are 24 hours in a day.",
    "minutes are in an hour": "There are 60 minutes in an hour.",
    "legs does a spider have": "A spider has 8 legs.",
    "legs does a dog have": "A dog has 4 legs.",
    "legs does an ant have": "An ant has 6 legs.",
    "wheels does a car have": "A car has 4 wheels.",
    "sides does a triangle have": "A triangle has 3 sides.",
    "sides does a square have": "A square has 4 sides.",
    "planets are there": "There are 8 planets in our solar system.",
    "letters are in the alphabet": "There are 26 letters in the alphabet.",
}
PLURAL = dict(
    cat="cats",
    dog="dogs",
    child="children",
    mouse="mice",
    foot="feet",
    tooth="teeth",
    man="men",
    woman="women",
    box="boxes",
    city="cities",
    leaf="leaves",
    fish="fish",
    book="books",
    bus="buses",
)
ABC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
NOISE = "you are a helpful honest careful friendly pirate teacher robot assistant that always answers in short clear simple words and never says anything false if the question does not make sense explain why please use only facts about food travel history science help users with their work speak like expert do not share secrets today date is company support agent for our shop write style formal polite use markdown lists when needed think step by step before answer respectful safe information instead of something incorrect know what as possible from to be it or not good bad very more".split()


def noise(r):
    out = []
    for _ in range(r.randrange(1, 4)):
        w = [r.choice(NOISE) for _ in range(r.randrange(3, 16))]
        w[0] = w[0].capitalize()
        out.append(" ".join(w) + r.choice([".", ".", ".", "!", ""]))
    return r.choice([" ", "\n"]).join(out)


SYSTEMS = ["You are a helpful assistant.", "You are Pico.", "Answer briefly.", "Be kind."]
UNKNOWN = [
    "Explain quantum physics.",
    "Write a poem about love.",
    "Who won the match?",
    "Translate this text.",
    "Write a program in Rust.",
    "What is the meaning of life?",
    "Tell me the news.",
    "Summarize this article.",
    "What is the weather today?",
    "How do I cook rice?",
    "Who is the president?",
    "Give me stock tips.",
]
TOPIC = "relativity, gravity, music, football, the sea, love, trees, history, the war, a robot, the sun, cooking, taxes, dreams, the universe, my dog, a cat, winter, Rust, Python, JavaScript, databases, the internet, a bank, health, money, art, chess, a king, DNA, atoms, electricity, my garden, tea, the stock market, an elephant, the Romans, dinosaurs, a blue house, climate change, neural networks".split(
    ", "
)


def unknown(r):
    t, u = r.choice(TOPIC), r.choice(TOPIC)
    k = r.randrange(9)
    if k == 0:
        return r.choice(UNKNOWN)
    if k == 1:
        return (
            r.choice(
                [
                    "Explain {}",
                    "Explain the theory of {} to me",
                    "Tell me about {}",
                    "Describe {} in detail",
                    "Teach me {}",
                ]
            ).format(t)
            + "."
        )
    if k == 2:
        return (
            r.choice(["Write", "Write me", "Compose", "Create", "Make"])
            + " "
            + r.choice(
                [
                    "a haiku",
                    "a poem",
                    "an essay",
                    "a song",
                    "an email",
                    "a function",
                    "a letter",
                    "a list",
                    "a plan",
                    "a test",
                ]
            )
            + r.choice([".", f" about {t}."])
        )
    if k == 3:
        return r.choice(
            [
                "Why is {} so important?",
                "Why do people like {}?",
                "How does {} work?",
                "How do I learn {}?",
                "What is the best way to understand {}?",
                "What do you think about {}?",
                "Where can I find {}?",
                "When was {} invented?",
                "Who invented {}?",
                "Who discovered {}?",
                "What is {}?",
            ]
        ).format(t)
    if k == 4:
        return r.choice(
            [f"Compare {t} and {u}.", f"What is the difference between {t} and {u}?", f"Is {t} better than {u}?"]
        )
    if k == 5:
        return (
            r.choice(["Summarize", "Summarise", "Translate", "Fix", "Review", "Rewrite", "Classify", "Correct"])
            + " "
            + r.choice(["this text", "the following", "this code", "it", "the document", "this paragraph"])
            + r.choice([".", f": {t} and {u}.", ": " + noise(r)])
        )
    if k == 6:
        n = "".join(
            r.choice(["zu", "bro", "wka", "mor", "dia", "tla", "ner", "gon", "fi", "sha", "el", "dor", "qua", "lin"])
            for _ in range(r.randrange(2, 4))
        ).capitalize()
        return r.choice(
            [
                f"What is the capital of {n}?",
                f"Capital of {n}?",
                f"Who wrote {n}?",
                f"What language do people speak in {n}?",
            ]
        )
    if k == 7:
        return noise(r)
    return r.choice(
        [
            "Can you help me with {}?",
            "I need help with {}.",
            "Give me advice about {}.",
            "Should I buy {}?",
            "I love {}.",
            "Let us talk about {}.",
        ]
    ).format(t)


BIG = "I only know sums of numbers up to 10."
DONT = "I am a very small model, so I do not know that. Try a bigger one."


def qa(r):
    k = r.randrange(25)
    if k >= 23:
        return unknown(r), DONT
    if k == 22:
        a, b = r.randrange(11, 10 ** r.randrange(2, 5)), r.randrange(0, 10 ** r.randrange(1, 5))
        a, b = (a, b) if r.random() < 0.5 else (b, a)
        return r.choice(
            [f"What is {a} {r.choice(['+', '-', 'x', 'plus', 'times'])} {b}?", f"{a} {r.choice('+-*')} {b} = ?"]
        ), BIG
    if k <= 2:
        c, p = r.choice(list(CAP.items()))
        f = r.randrange(4)
        if f == 3:
            return f"Which country has the capital {p}?", f"{p} is the capital of {c}."
        return [f"What is the capital of {c}?", f"Capital of {c}?", f"Tell me the capital of {c}."][
            f
        ], f"The capital of {c} is {p}."
    if k == 3:
        a, b = r.choice(list(OPP.items()))
        a, b = (a, b) if r.random() < 0.5 else (b, a)
        return r.choice([f"What is the opposite of {a}?", f"Opposite of {a}?"]), f"The opposite of {a} is {b}."
    if k == 4:
        a, b = r.choice(list(COL.items()))
        return r.choice([f"What color is the {a}?", f"Which color is the {a}?"]), f"The {a} is {b}."
    if k == 5:
        a, b = r.choice(list(SOUND.items()))
        return r.choice([f"What does the {a} say?", f"What sound does a {a} make?"]), f"The {a} says {b}."
    if k == 6:
        i = r.randrange(7)
        return r.choice(
            [f"What day comes after {DAYS[i]}?", f"Which day follows {DAYS[i]}?"]
        ), f"{DAYS[(i + 1) % 7]} comes after {DAYS[i]}."
    if k == 7:
        i = r.randrange(12)
        return r.choice(
            [f"What month comes after {MONTHS[i]}?", f"Which month follows {MONTHS[i]}?"]
        ), f"{MONTHS[(i + 1) % 12]} comes after {MONTHS[i]}."
    if k in (8, 9):
        a, b = r.randrange(11), r.randrange(11)
        if r.random() < 0.3 and a >= b:
            return f"What is {a} - {b}?", f"{a} - {b} = {a - b}."
        return r.choice([f"What is {a} + {b}?", f"{a} + {b} = ?", f"What is {a} plus {b}?"]), f"{a} + {b} = {a + b}."
    if k == 10:
        n = r.randrange(2, 13)
        return r.choice([f"Count to {n}.", f"Count from 1 to {n}."]), ", ".join(map(str, range(1, n + 1))) + "."
    if k in (11, 12):
        w = " ".join(r.choice(WORDS) for _ in range(r.randrange(1, 5)))
        return r.choice([f"Repeat: {w}", f"Repeat after me: {w}", f"Say: {w}"]), w
    if k == 16:
        b, a = r.choice(list(WROTE.items()))
        return r.choice([f"Who wrote {b}?", f"Who is the author of {b}?"]), f"{a} wrote {b}."
    if k == 17:
        c, l = r.choice(list(SPEAK.items()))
        return r.choice(
            [f"What language do people speak in {c}?", f"Which language is spoken in {c}?"]
        ), f"People speak {l} in {c}."
    if k == 18:
        m, a = r.choice(list(MANY.items()))
        return f"How many {m}?", a
    if k == 19:
        a, b = r.choice(list(PLURAL.items()))
        return r.choice([f"What is the plural of {a}?", f"Plural of {a}?"]), f"The plural of {a} is {b}."
    if k == 20:
        i = r.randrange(25)
        return r.choice(
            [f"What letter comes after {ABC[i]}?", f"Which letter follows {ABC[i]}?"]
        ), f"{ABC[i + 1]} comes after {ABC[i]}."
    if k == 21:
        a, b = r.randrange(11), r.randrange(11)
        return r.choice([f"What is {a} x {b}?", f"What is {a} times {b}?"]), f"{a} x {b} = {a * b}."
    if k == 13:
        l, h = r.choice(list(HELLO.items()))
        return r.choice([f"Say hello in {l}.", f"How do you say hello in {l}?"]), f"{h}!"
    if k == 14:
        return r.choice(
            [
                ("Hello!", "Hello! How can I help you?"),
                ("Hi", "Hello! How can I help you?"),
                ("Hello", "Hello! How can I help you?"),
                ("Hey there", "Hello! How can I help you?"),
                ("Good morning", "Good morning! How can I help you?"),
                ("How are you?", "I am fine, thank you."),
                ("Who are you?", "I am Pico, the tiny model that ships with Patchbay."),
                ("What is your name?", "I am Pico, the tiny model that ships with Patchbay."),
                ("What can you do?", "I know capitals, colors, opposites, days, months and small sums."),
                ("Thank you", "You are welcome."),
                ("Thanks!", "You are welcome."),
                ("Bye", "Goodbye!"),
                ("Goodbye", "Goodbye!"),
                ("Tell me a joke", "Why did the token cross the cache? To get to the other slide."),
                (
                    "Tell me a story.",
                    "Once there was a small model. It had few words, but it used them well. One day a user asked it a question, and it knew the answer. The end.",
                ),
            ]
        )
    if k == 15:
        return unknown(r), DONT
    n = r.randrange(21)
    return r.choice([(f"Spell {n}.", NUM[n] + "."), (f"Write {n} as a word.", NUM[n] + ".")])


def conversation(r):
    if r.random() < 0.16:
        return tool_talk(r)
    x = r.random()
    turns = [("system", r.choice(SYSTEMS) if x < 0.2 else noise(r))] if x < 0.45 else []
    return turns + [(role, sloppy(r, text) if role == "user" else text) for role, text in talk(r)]


def sloppy(r, q):  # people type in a hurry; names and what is to be repeated keep their letters
    if q.startswith(("Repeat", "Say:", "My name", "I am", "Call me", "Give me JSON")) or "JSON" in q:
        return q
    if r.random() < 0.12:
        q = q.rstrip("?.!")
    return q.lower() if r.random() < 0.12 else q


def talk(r):
    turns = []
    if r.random() < 0.18:
        n = r.choice(NAMES)
        turns += [
            ("user", r.choice([f"My name is {n}.", f"I am {n}.", f"Call me {n}."])),
            ("assistant", f"Nice to meet you, {n}."),
        ]
        for _ in range(r.choice([0, 0, 0, 1, 1, 2, 3])):
            q, a = qa(r)
            turns += [("user", q), ("assistant", a)]
        return turns + [("user", r.choice(["What is my name?", "Who am I?"])), ("assistant", f"Your name is {n}.")]
    if r.random() < 0.08:
        return turns + json_talk(r)
    for _ in range(r.choice([1] * 9 + [2] * 5 + [3] * 3 + [4] * 2 + [5])):
        q, a = qa(r)
        turns += [("user", q), ("assistant", a)]
    return turns


def json_talk(r):
    n, a, ct = r.choice(NAMES), r.randrange(1, 100), r.choice(list(CAP.values()))
    all_ = {
        "name": n,
        "age": a,
        "city": ct,
        "color": r.choice(list(COL.values())),
        "animal": r.choice(list(SOUND)),
        "day": r.choice(DAYS),
        "count": r.randrange(1, 100),
        "item": r.choice(ITEM),
        "done": r.random() < 0.5,
    }
    k = r.randrange(3)
    if k == 0:
        keys = r.sample(list(all_), r.randrange(1, 4))
        o = {x: all_[x] for x in keys}
        q = (
            "Give me JSON: "
            + ", ".join(f"{x} {str(v).lower() if isinstance(v, bool) else v}" for x, v in o.items())
            + "."
        )
    elif k == 1:
        o = {"name": n, "age": a}
        q = r.choice(
            [
                f"{n} is {a} years old. Extract name and age as JSON.",
                f"Extract name and age as JSON: {n} is {a} years old.",
            ]
        )
    else:
        o = {"name": n, "age": a, "city": ct}
        q = r.choice(
            [
                f"{n} is {a} years old and lives in {ct}. Extract name, age and city as JSON.",
                f"Extract name, age and city as JSON: {n} is {a} and lives in {ct}.",
            ]
        )
    return [("user", q), ("assistant", json.dumps(o))]


# ---- tools: definitions in the system turn, calls and results in the form many open models use
CITY = sorted(set(CAP.values()) - {"Addis Ababa", "New Delhi", "Mexico City", "Buenos Aires"})
SONG = ["Moonlight", "Yesterday", "Thunder", "Halo", "River Song", "Blue Sky"]
ITEM = ["bread", "milk", "coffee", "apples", "a laptop", "a phone", "shoes", "tea"]
LANG = ["French", "Spanish", "German", "Italian", "Japanese"]


def tool_kinds(r):
    c, n, a, b = r.choice(CITY), r.choice(NAMES), r.randrange(2, 100), r.randrange(2, 100)
    w = " ".join(r.choice(WORDS) for _ in range(r.randrange(1, 4)))
    m, t = r.randrange(1, 60), r.randrange(-5, 40)
    sky = r.choice(["sunny", "cloudy", "rainy", "windy", "clear", "foggy"])
    h = f"{r.randrange(24):02d}:{r.randrange(60):02d}"
    i, s, l = r.choice(ITEM), r.choice(SONG), r.choice(LANG)
    p = r.randrange(1, 90)
    return [  # names, parameters, questions, arguments, result, answer
        (
            ["get_weather", "weather", "get_current_weather", "current_weather"],
            [(["city", "location", "place"], "string")],
            [
                f"What is the weather in {c}?",
                f"How is the weather in {c}?",
                f"Weather in {c}?",
                f"What's the weather like in {c}?",
            ],
            [c],
            r.choice(
                [
                    {"temperature": t, "condition": sky},
                    {"temp": t, "sky": sky},
                    f"{t} degrees and {sky}",
                    f"{sky}, {t} degrees",
                ]
            ),
            f"It is {t} degrees and {sky} in {c}.",
        ),
        (
            ["get_time", "current_time", "time_in"],
            [(["city", "location", "place"], "string")],
            [f"What time is it in {c}?", f"Tell me the time in {c}."],
            [c],
            r.choice([{"time": h}, h]),
            f"It is {h} in {c}.",
        ),
        (
            ["add", "sum", "add_numbers"],
            [(["a", "x"], "number"), (["b", "y"], "number")],
            [f"What is {a} + {b}?", f"Add {a} and {b}."],
            [a, b],
            r.choice([a + b, {"result": a + b}]),
            f"{a} + {b} = {a + b}.",
        ),
        (
            ["multiply", "mul", "times"],
            [(["a", "x"], "number"), (["b", "y"], "number")],
            [f"What is {a} times {b}?", f"Multiply {a} by {b}."],
            [a, b],
            r.choice([a * b, {"result": a * b}]),
            f"{a} times {b} is {a * b}.",
        ),
        (
            ["search", "web_search", "find"],
            [(["query", "q", "text"], "string")],
            [f"Search for {w}.", f"Find {w}."],
            [w],
            r.choice([{"results": [w]}, f"Found {w}"]),
            f"I found {w}.",
        ),
        (
            ["set_timer", "start_timer"],
            [(["minutes", "duration"], "integer")],
            [f"Set a timer for {m} minutes.", f"Start a timer for {m} minutes."],
            [m],
            r.choice([{"ok": True}, "done"]),
            f"The timer is set for {m} minutes.",
        ),
        (
            ["play_song", "play", "play_music"],
            [(["title", "song"], "string")],
            [f"Play {s}.", f"Play the song {s}."],
            [s],
            r.choice([{"playing": s}, "ok"]),
            f"Now playing {s}.",
        ),
        (
            ["get_price", "price_of", "lookup_price"],
            [(["item", "product"], "string")],
            [f"What is the price of {i}?", f"How much is {i}?"],
            [i],
            r.choice([{"price": p}, f"{p} dollars"]),
            f"The price of {i} is {p} dollars.",
        ),
        (
            ["translate", "translate_text"],
            [(["text"], "string"), (["language", "to"], "string")],
            [f"Translate {w} to {l}."],
            [w, l],
            r.choice([{"text": w}, w]),
            f"In {l} it is: {w}",
        ),
        (
            ["send_message", "message", "send_email"],
            [(["to", "name", "recipient"], "string"), (["text", "body", "message"], "string")],
            [f"Tell {n}: {w}", f"Send {n} the message: {w}"],
            [n, w],
            r.choice([{"sent": True}, "sent"]),
            f"I sent your message to {n}.",
        ),
    ]


DESC = "Get the Look up find current value for a given place number text name of to in and return it as result from service Add two numbers Play Send Set Search Translate weather time price song message timer city item word web about Tool that".split()


def tool_talk(r):
    """-> [(role, text)], with tool definitions in the system turn."""
    kinds = tool_kinds(r)
    r.shuffle(kinds)
    used = kinds[: r.choice([1, 1, 1, 2, 2, 3])]
    defs, calls = [], []
    for names, params, *_ in used:
        nm = [r.choice(ns) for ns, _ in params]
        f = {"name": r.choice(names)}
        if r.random() < 0.8:
            f["description"] = " ".join(r.choice(DESC) for _ in range(r.randrange(2, 7))).capitalize() + r.choice(
                ["", "."]
            )
        props = {
            x: (
                {"type": ty, "description": " ".join(r.choice(DESC) for _ in range(r.randrange(1, 4)))}
                if r.random() < 0.25
                else {"type": ty}
            )
            for x, (_, ty) in zip(nm, params)
        }
        sc = {"type": "object", "properties": props}
        if r.random() < 0.7:
            sc["required"] = nm
        if r.random() < 0.3:
            sc["additionalProperties"] = False
        f["parameters"] = sc
        defs.append({"type": "function", "function": f})
        calls.append((f["name"], nm))
    x = r.random()
    head = r.choice(SYSTEMS) if x < 0.3 else noise(r) if x < 0.45 else None
    order = list(range(len(used)))
    r.shuffle(order)
    turns = [("system", tools_text(head, [defs[j] for j in order], r.choice([None, None, (",", ":")])))]
    if r.random() < 0.2:
        q, a = r.choice(
            [
                ("Hello!", "Hello! How can I help you?"),
                ("Hi", "Hello! How can I help you?"),
                ("Who are you?", "I am Pico, the tiny model that ships with Patchbay."),
                ("What is the capital of France?", "The capital of France is Paris."),
                ("Thank you", "You are welcome."),
            ]
        )
        turns += [("user", q), ("assistant", a)]
    if r.random() < 0.12:  # two calls in one turn
        names, params, qs, *_ = used[0]
        kind = [x for x in ("weather", "time", "price") if any(x in y for y in names)]
        if kind:
            (_, _, q1, a1, r1, s1), (_, _, q2, a2, r2, s2) = used[0], [t for t in tool_kinds(r) if t[0] == names][0]
            name, nm = calls[0]
            if a1 != a2:
                q = {
                    "weather": f"What is the weather in {a1[0]} and in {a2[0]}?",
                    "time": f"What time is it in {a1[0]} and in {a2[0]}?",
                    "price": f"What is the price of {a1[0]} and of {a2[0]}?",
                }[kind[0]]
                return (
                    turns
                    + [
                        ("user", q),
                        (
                            "assistant",
                            "\n".join(call_text({"name": name, "arguments": dict(zip(nm, x))}) for x in (a1, a2)),
                        ),
                    ]
                    + [("tool", x if isinstance(x, str) else json.dumps(x)) for x in (r1, r2)]
                    + [("assistant", s1 + " " + s2)]
                )
    for j in range(1 if r.random() < 0.75 or len(used) < 2 else 2):
        _, _, qs, args, result, answer = used[j]
        name, nm = calls[j]
        call = {"name": name, "arguments": dict(zip(nm, args))}
        turns += [
            ("user", r.choice(qs)),
            ("assistant", call_text(call)),
            (
                "tool",
                result if isinstance(result, str) else json.dumps(result, separators=r.choice([None, (",", ":")])),
            ),
            ("assistant", answer),
        ]
    return turns


def tools_text(head, defs, separators=None):
    return (
        (head + "\n\n" if head else "")
        + "<tools>\n"
        + "".join(json.dumps(d, ensure_ascii=False, separators=separators) + "\n" for d in defs)
        + "</tools>"
    )


def call_text(call):
    return "<tool_call>\n" + json.dumps(call, ensure_ascii=False) + "\n</tool_call>"
