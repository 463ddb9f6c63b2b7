#!/usr/bin/env python3
"""The 200 prompts of bench/exactness.py, written for it: prints a JSON string a line. Seeded, so always the same."""

import json
import random

PROSE = """The lighthouse keeper counted the ships again, because the third one had not been there at noon and
My grandmother kept her recipes in a biscuit tin, and the one for plum cake began with the words
When the committee finally agreed on a date, nobody remembered who was supposed to
A good bridge is one that people cross without thinking about
The capital of Portugal is Lisbon, and the capital of Denmark is
Water boils at a lower temperature in the mountains because
In the year after the flood, the village rebuilt the mill first and the church second, since
She opened the letter, read it twice, put it back into the envelope and said
The three primary colours of light are red, green and blue; those of printing are
Nobody in the office could explain why the printer only worked on
To tie a bowline, first make a small loop, then pass the end
The opposite of generous is stingy, and the opposite of brave is
He had been a watchmaker for forty years, yet he was always
Photosynthesis turns carbon dioxide and water into
After a week of rain the path along the river had become so soft that
The museum closes at five, but the guards begin to
Most people think that glass is a slow liquid, although in fact
The train to Lisbon leaves from platform nine at a quarter past
If you fold a sheet of paper in half seven times, you get
Seven days make a week, twelve months make a
An old map of the harbour shows a second pier, which was
The first rule of a good argument is to listen; the second is to
As soon as the lights went out in the theatre, the audience
Copper conducts electricity better than iron, but silver
There are two kinds of gardeners: those who plan and those who
The novel begins with a wedding by the sea and ends with
Because the battery was almost empty, the pilot decided to
Bees communicate the direction of flowers by
The judge asked the witness to repeat the last sentence, and the witness
In winter the lake freezes from the shore towards the middle, so"""

LANGUAGES = """Die Hauptstadt von Österreich ist Wien, und die Hauptstadt der Schweiz ist
Am Morgen nach dem Sturm lagen überall Äste auf der Straße, und die Feuerwehr
Wer früh aufsteht, der hat mehr vom Tag; wer aber spät ins Bett geht, der
Der Zug nach München hat leider wieder zwanzig Minuten
Sehr geehrte Damen und Herren, hiermit kündige ich meinen Vertrag zum
La capitale de l'Italie est Rome ; celle de l'Espagne est
Quand il fait froid, les oiseaux partent vers le
Le conseil municipal a décidé hier soir de fermer la piscine parce que
Veuillez trouver ci-joint la facture du mois de
Le petit garçon regardait la mer et se demandait
La capital de Argentina es Buenos Aires y la capital de Chile es
En un pueblo pequeño cerca del mar vivía un pescador que
El gato duerme encima de la mesa y el perro duerme debajo de la
Los estudiantes entregaron el trabajo tarde porque
La ricetta della nonna comincia sempre con
Il treno per Firenze parte alle otto e un quarto dal binario
Nel mezzo della piazza c'era una fontana che
A cidade do Porto é conhecida pelo vinho e pelas
De hoofdstad van Nederland is Amsterdam, maar de regering zit in
Het regende de hele dag, dus bleven de kinderen
Stolicą Polski jest Warszawa, a stolicą Niemiec jest
Wczoraj wieczorem poszliśmy do teatru, a potem
Столица Франции — это Париж, а столица Германии — это
Когда наступила весна, снег начал таять и
Η πρωτεύουσα της Ελλάδας είναι η
日本の首都は東京です。フランスの首都は
昨日は雨が降っていたので、私たちは
中国的首都是北京,法国的首都是巴黎,英国的首都是
今天天气很好,我们一起去
한국의 수도는 서울이고, 일본의 수도는
عاصمة مصر هي القاهرة وعاصمة العراق هي
भारत की राजधानी नई दिल्ली है और नेपाल की राजधानी
Türkiye'nin başkenti Ankara, en büyük şehri ise
Hlavní město České republiky je Praha a hlavní město Slovenska je
Sveriges huvudstad heter Stockholm och Norges huvudstad heter
Suomen pääkaupunki on Helsinki ja Viron pääkaupunki on
Thủ đô của Việt Nam là Hà Nội, còn thủ đô của Lào là
เมืองหลวงของประเทศไทยคือ
עיר הבירה של ישראל היא
Столицею України є місто"""

CODE = [
    "def fibonacci(n):\n    if n < 2:\n        return n\n    return",
    "for (int i = 0; i < n; ++i) {\n    sum +=",
    "import os\nimport sys\n\ndef main():\n    path = sys.argv[1]\n    with open(path) as",
    "SELECT name, SUM(amount) FROM orders WHERE year = 2023 GROUP BY",
    "#include <vector>\n#include <string>\n\nint main(int argc, char** argv) {\n    std::vector<std::string> args(argv,",
    "function debounce(callback, delay) {\n  let timer = null;\n  return (...args) => {\n    clearTimeout(",
    "fn read_lines(path: &str) -> io::Result<Vec<String>> {\n    let file = File::open(path)?;\n    let reader =",
    "# Returns True if the word reads the same backwards.\ndef is_palindrome(word):\n    return word ==",
    "public class Account {\n    private double balance;\n\n    public void deposit(double amount) {\n        this.balance",
    "git add src/parser.c && git commit -m \"Fix the",
    "FROM debian:12-slim\nRUN apt-get update && apt-get install -y",
    "<ul>\n  <li>Apples</li>\n  <li>Pears</li>\n  <li>",
    "{\"name\": \"lamp\", \"price\": 24.5, \"tags\": [\"light\", \"desk\"], \"stock\":",
    "try:\n    value = int(text)\nexcept ValueError:\n    print(",
    "package main\n\nimport \"fmt\"\n\nfunc main() {\n\tfmt.Println(",
    "while read -r line; do\n  echo \"$line\" | tr a-z A-Z\ndone <",
    "CREATE TABLE customers (\n  id INTEGER PRIMARY KEY,\n  email TEXT NOT NULL,\n  created_at",
    "const total = items.filter(item => item.active).map(item => item.price).reduce((a, b) =>",
    "class Node:\n    def __init__(self, value, next=None):\n        self.value = value\n        self.",
    "template <typename T>\nT clamp(T value, T low, T high) {\n    return value < low ?",
    "def quicksort(items):\n    if len(items) <= 1:\n        return items\n    pivot = items[0]\n    left = [x for x in",
    "@media (max-width: 600px) {\n  .sidebar {\n    display:",
    "import numpy as np\n\na = np.zeros((3, 4))\nprint(a.shape)  # prints",
    "interface User {\n  id: number;\n  name: string;\n  email?:",
    "assert gcd(12, 18) == 6\nassert gcd(7, 13) ==",
    "struct list_head {\n    struct list_head *next, *",
    "version: '3'\nservices:\n  web:\n    image: nginx\n    ports:\n      -",
    "let mut counts: HashMap<char, usize> = HashMap::new();\nfor c in text.chars() {\n    *counts.entry(c)",
    "int *p = malloc(n * sizeof(int));\nif (p == NULL) {\n    fprintf(stderr,",
    "// Adds two numbers.\n// @param {number} a\n// @param {number} b\n// @returns",
    "x = [1, 2, 3]\ny = [i * i for i in x]\nprint(y)  # [1, 4,",
    "with open('data.csv', newline='') as f:\n    reader = csv.reader(",
    "def main():\n    print('hello')\n\nif __name__ == '__main__'",
    "$ curl -X POST -H 'Content-Type: application/json' -d",
    "regex = re.compile(r'^\\d{4}-\\d{2}-",
]

NUMBERS = """2, 4, 6, 8, 10, 12,
1 + 1 = 2, 2 + 2 = 4, 3 + 3 = 6, 4 + 4 =
17 multiplied by 3 is 51, and 23 multiplied by 4 is
1, 1, 2, 3, 5, 8, 13,
Monday, Tuesday, Wednesday, Thursday, Friday,
The square root of 144 is 12, the square root of 225 is
100, 95, 90, 85, 80,
Pi begins with 3.14159265 and e begins with 2.718
January 31, February 28, March 31, April
0x00, 0x01, 0x02, 0x03, 0x04,
A dozen is 12, two dozen is 24, three dozen is
10:00, 10:15, 10:30, 10:45,
If a shirt costs 40 euros and is reduced by 25 percent, it costs
1 km = 1000 m; 2.5 km =
9 x 9 = 81; 9 x 8 = 72; 9 x 7 =
II, III, IV, V, VI, VII,
1989, 1993, 1997, 2001, 2005,
50% of 300 is 150; 10% of 300 is
The sum of the angles in a triangle is
2^10 = 1024, 2^11 = 2048, 2^12 ="""

CHATS = r"""User: Hello, can you help me with my garden?\nAssistant: Of course! What would you like to know?\nUser: When should I plant tomatoes?\nAssistant:
Question: What is the largest ocean on Earth?\nAnswer:
Q: How many legs does a spider have?\nA:
User: Translate "good morning" into Spanish.\nAssistant:
Customer: My parcel has not arrived.\nAgent: I am sorry to hear that. Could you give me
Teacher: What do we call the study of living things?\nPupil:
Human: Summarise this in one sentence: The meeting was moved from Tuesday to Thursday because the room was taken.\nAI:
Instruction: List three fruits.\nResponse: 1. Apple\n2.
Alice: Are you coming tonight?\nBob: I don't know yet, I still have to
Translate to French: The cat is black. ->
Classify the sentiment: "I loved this film!" Sentiment:
Dear Sir or Madam,\n\nI am writing to complain about
Hi team,\n\nquick reminder that the deadline for
To: everyone\nSubject: Kitchen\n\nPlease do not leave your
Recipe: Pancakes\nIngredients:\n- 200 g flour\n- 2 eggs\n- 300 ml"""


def templated(random_numbers):
    sellers = ["Nordwind GmbH", "Atelier Lumière", "Hill & Sons Ltd", "Ferramenta Rossi", "Blue Kettle Café", "Okafor Logistics"]
    goods = ["office chair", "printer paper", "LED lamp", "garden hose", "coffee beans", "steel bolts M8", "webcam", "desk"]
    people = ["Maria", "Jonas", "Aiko", "Samuel", "Fatima", "Piotr", "Chloé", "Ravi"]
    for index in range(60):
        seller, item, name = (random_numbers.choice(words) for words in (sellers, goods, people))
        count, cents = random_numbers.randint(1, 40), random_numbers.randint(199, 99999)
        price = f"{cents // 100}.{cents % 100:02d}"
        day = f"2023-{random_numbers.randint(1, 12):02d}-{random_numbers.randint(1, 28):02d}"
        number = f"{random_numbers.choice(['RE', 'INV', 'F'])}-{random_numbers.randint(10000, 99999)}"
        yield [
            f"{seller}\nInvoice {number}\nDate: {day}\n{count} x {item} at {price} EUR\nTotal:",
            f"Invoice number: {number}\nInvoice date: {day}\nSeller: {seller}\nThe invoice number is",
            f"{name} bought {count} pieces of {item} for {price} each, so in total {name} paid",
            f"Minutes of {day}: {name} reported that the {item} from {seller} is late. Action item: {name} will",
            f"| item | count | price |\n|---|---|---|\n| {item} | {count} | {price} |\n|",
            f"Payment of {price} is due by {day}. Please quote {number} when you",
        ][index % 6]


def prompts():
    chats = [line.replace("\\n", "\n") for line in CHATS.splitlines()]
    fixed = PROSE.splitlines() + LANGUAGES.splitlines() + CODE + NUMBERS.splitlines() + chats
    result = fixed + list(templated(random.Random(3)))
    assert len(result) == len(set(result)) == 200, (len(result), len(set(result)))
    return result


if __name__ == "__main__":
    for prompt in prompts():
        print(json.dumps(prompt, ensure_ascii=False))
