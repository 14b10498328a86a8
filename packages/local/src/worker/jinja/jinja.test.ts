// Chat templates: what Jinja2 as Hugging Face sets it up does, and the library alone does not.
import { describe, expect, it } from 'vitest'
import { JinjaTemplate, TemplateRefusal } from './jinja.js'

const render = (source: string, variables: Record<string, unknown> = {}) =>
  new JinjaTemplate(source).render(variables)

const values = {
  none: null,
  yes: true,
  list: ['a', 1, null],
  map: { k: "it's", n: { x: false } },
  text: ' a ',
  n: 3,
}

describe('values are printed as Python prints them', () => {
  it.each<[string, string]>([
    ['{{ yes }} {{ none }} {{ undefined_one }}.', 'True None .'],
    ['{{ list }}', "['a', 1, None]"],
    ['{{ map }}', `{'k': "it's", 'n': {'x': False}}`],
    ["{{ 'a' ~ yes ~ map.n ~ none }}", "aTrue{'x': False}None"],
    ['{{ [yes, 1.0, "x"] | join("-") }}', 'True-1.0-x'],
    ['{{ map | tojson }} {{ list | tojson }}', `{"k": "it's", "n": {"x": false}} ["a", 1, null]`],
    ['{{ map.n | string }}|{{ list | string }}|{{ none | string }}', "{'x': False}|['a', 1, None]|None"],
  ])('%s', (source, expected) => expect(render(source, values)).toBe(expected))
})

describe('comparisons are those of Python', () => {
  it.each<[string, string]>([
    ["{{ 0 == '' }} {{ 1 == '1' }} {{ 1 == true }} {{ undefined_one == none }}", 'False False True False'],
    ['{{ [1, {"a": 2}] == [1, {"a": 2}] }} {{ map == {} }}', 'True False'],
    [
      "{{ {'a': 1} in [{'a': 1}] }} {{ 'k' in map }} {{ 'it' in map.k }} {{ 1 in undefined_one }}",
      'True True True False',
    ],
    ['{{ undefined_one in list }} {{ none in list }}', 'False True'],
    [
      '{{ map is iterable }} {{ map is sequence }} {{ text is iterable }} {{ n is iterable }}',
      'True True True False',
    ],
  ])('%s', (source, expected) => expect(render(source, values)).toBe(expected))
})

describe('filters take what Jinja2 lets them take', () => {
  it.each<[string, string]>([
    ['{{ undefined_one | length }} {{ undefined_one | trim }}. {{ n | trim }}', '0 . 3'],
    [
      "{{ none | selectattr('a') | list }} {{ undefined_one | list }} {{ 'abc' | list }} {{ map | list }}",
      "[] [] ['a', 'b', 'c'] ['k', 'n']",
    ],
    ['{{ [3, 1, 2] | min }} {{ [3, 1, 2] | max }} {{ [3, 1] | sum }} {{ [] | first }}.', '1 3 4 .'],
    ["{{ list | map('string') | join(',') }}", 'a,1,None'],
    ["{{ [{'a': 1}, {'a': 2}] | join(',', attribute='a') }}", '1,2'],
    ["{{ '--a-' | trim('-') }} {{ 'a' | d('b') }} {{ undefined_one | d('b') }}", 'a a b'],
    ["{{ '<b>' | safe + '<i>' }} {{ '<b>' | safe ~ '<i>' }}", '<b>&lt;i&gt; <b><i>'],
  ])('%s', (source, expected) => expect(render(source, values)).toBe(expected))
})

describe('methods and keys', () => {
  it.each<[string, string]>([
    ["{{ {'items': 1, 'get': 2}.items() | list }}", "[['items', 1], ['get', 2]]"],
    [
      "{{ {'items': 1}['items'] }} {{ {'get': 7}.get('get') }} {{ {'keys': 7}.get('no', 'none') }}",
      '1 7 none',
    ],
    [
      "{{ {0: 'a', 512: 'b'}[512] }} {% for k, v in {512: 'b', 0: 'a'} | dictsort %}{{ k + 1 }}{{ v }}{% endfor %}",
      'b 1a513b',
    ],
    ['{{ map[undefined_one] }}.{{ map[none] }}.{{ undefined_one.a }}.', '...'],
    ["{{ '{} {x} {{}}'.format(n, x=true) }}", '3 True {}'],
    ["{{ '\\n a\\n'.strip('\\n') }}|{{ 'xxa'.lstrip('x') }}|{{ 'a}'.rstrip('}') }}", ' a|a|a'],
    ["{{ 'a,b,c'.rsplit(',', 1) }} {{ 'abc'.find('c') }} {{ ', '.join(['a', 'b']) }}", "['a,b', 'c'] 2 a, b"],
    ['{% set l = [] %}{% set _ = l.append(1) %}{{ l }}', '[1]'],
  ])('%s', (source, expected) => expect(render(source, values)).toBe(expected))
})

describe('loops', () => {
  it.each<[string, string]>([
    ["{% for a, b in [('x', 1), ('y', 2)] %}{{ a }}{{ b }}{% endfor %}", 'x1y2'],
    ['{% for a in undefined_one %}x{% else %}empty{% endfor %}', 'empty'],
    ["{% for a in 'ab' if a != 'a' %}{{ a }}{% endfor %}", 'b'],
  ])('%s', (source, expected) => expect(render(source, values)).toBe(expected))
})

it('time is written in English', () => {
  expect(render("{{ strftime_now('%d %b %Y, %A %%') }}")).toMatch(
    /^\d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4}, \w+day %$/,
  )
})

it("a template's refusal is told from what the engine cannot do", () => {
  expect(() => render("{{ raise_exception('No.') }}")).toThrow(TemplateRefusal)
  expect(() => render("{{ 'a' + map }}", values)).toThrow(/no sum/)
  expect(() => render("{{ 'a' + map }}", values)).not.toThrow(TemplateRefusal)
})
