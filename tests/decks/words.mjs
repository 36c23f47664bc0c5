// Compares the words of decks as wiretalk reads them with those that markdown-it, an independent
// reader of Markdown, finds in the same files: node words.mjs PROGRAM DECK...
//
// PROGRAM prints the words of a deck, one a line: the example `words` of wiretalk-core. What a
// dialect writes that is no text, such as `. . .`, is taken out here by rules of our own, which
// know nothing of the program's.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import process from 'node:process'

let MarkdownIt
try {
  MarkdownIt = (await import('markdown-it')).default
} catch {
  console.error('words.mjs: markdown-it is missing; run `npm ci` in tests/decks')
  process.exit(1)
}

const wordsOf = text => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

// For each dialect, what is no text: whole slides that are left out, then parts of those that stay.
const DIALECTS = {
  deckhand: { lines: [/^--$/, /^\?\?\?$/], fences: ['theme'], opened: ['row'], dropped: [/^\|\|$/] },
  deckset: { lines: [/^\[\..*\]$/, /^(footer|slidenumbers|autoscale|build-lists):/], marks: [/\[fit\]/g] },
  lookatme: {},
  marp: { marks: [/(?<=!\[)((left|right|opacity|[wh]):\S+|bg|fit|left|right|\s)+/g] },
  mdp: { lines: [/^\^$/], marks: [/^-> ?| ?<-$/g] },
  pandoc: { lines: [/^\. \. \.$/, /^:::/], title: true },
  patat: { lines: [/^\. \. \.$/] },
  presenterm: { skips: /<!-- skip_slide -->/, divider: /^<!-- end_slide -->$/m },
  remark: {
    lines: [/^--$/, /^\?\?\?$/, /^(class|name|layout|template|count|exclude): /, /^\.[a-z-]+\[$/, /^\]$/],
    marks: [/\.[a-z]+\[(?=[^\]]*\])/g],
    skips: /^exclude: true$/m,
    divider: /^---$/m,
  },
  reveal: { marks: [/^notes?:/i] },
  slidev: { slides: true, lines: [/^::\w+::$/] },
}

// Cuts off YAML between `---` lines at the top. Its texts may be shown, its keys need not be.
function withoutFrontMatter(source) {
  return source.replace(/^\uFEFF?---\r?\n(?!\s*\n)[^]*?\r?\n(---|\.\.\.)[ \t]*(\r?\n|$)/, '\n')
}

// In Slidev each slide can have front matter: `---` right above a line of text.
function withoutSlidevSettings(source) {
  const slides = source.split(/^---(?=\n\S)\n((?:.*\n)*?)---\n/m)
  let kept = slides[0]
  for (let at = 1; at < slides.length; at += 2) {
    const settings = slides[at]
    kept += '\n---\n' + (/^(hide|disabled): true$/m.test(settings) ? '' : slides[at + 1])
  }
  return kept
}

function textOf(source, name) {
  const rule = DIALECTS[name] ?? DIALECTS.presenterm
  let text = withoutFrontMatter(source.replace(/\r\n?/g, '\n'))
  // GitHub's alerts: the kind is a sign and no text.
  text = text.replace(/^(\s*> ?)\[!(note|tip|important|warning|caution)\]/gim, '$1')
  if (rule.slides) text = withoutSlidevSettings(text)
  if (rule.title) text = text.replace(/^(%.*\n([ \t]+\S.*\n)*)+/, '')
  if (name === 'mdp') text = text.replace(/^(%\w+:.*\n)+/, '')
  if (rule.skips) text = text.split(rule.divider).filter(slide => !rule.skips.test(slide)).join('\n\n')
  let fence = null
  let hidden = false
  const kept = []
  for (const line of text.split('\n')) {
    const mark = line.match(/^\s*(`{3,}|~{3,})\s*(\S*)/)
    if (fence === null && mark) {
      const [, marks, info] = mark
      if (rule.opened?.includes(info)) { fence = { marks, open: true }; continue }
      fence = { marks, open: false }
      hidden = rule.fences?.includes(info) ?? false
    } else if (fence && mark && mark[1].startsWith(fence.marks) && mark[2] === '') {
      const { open } = fence
      fence = null
      if (!hidden && !open) kept.push(line)
      hidden = false
      continue
    } else if (fence?.open && rule.dropped?.some(pattern => pattern.test(line.trim()))) {
      continue
    }
    if (hidden) continue
    const isCode = fence !== null && !fence.open
    if (!isCode && rule.lines?.some(pattern => pattern.test(line.trim()))) { kept.push(''); continue }
    kept.push(isCode ? line : (rule.marks ?? []).reduce((all, pattern) => all.replace(pattern, ' '), line))
  }
  return kept.join('\n')
}

// The text of what HTML shows: without tags, comments, styles and scripts.
function textOfHtml(html) {
  return html
    .replace(/<(style|script)\b[^]*?(<\/\1>|$)/gi, ' ')
    .replace(/<!--[^]*?(-->|$)/g, ' ')
    .replace(/<\/?[a-z][^>]*>/gi, match => (/^<\/?(br|p|div|li|td)\b/i.test(match) ? ' ' : ''))
}

function collect(tokens, into) {
  for (const token of tokens) {
    switch (token.type) {
      case 'text': into.push(token.content); break
      case 'softbreak': case 'hardbreak': into.push(' '); break
      case 'code_inline': into.push(token.content); break
      case 'fence': case 'code_block': into.push(` ${token.content} `); break
      case 'html_block': case 'html_inline': into.push(textOfHtml(token.content)); break
      case 'image': into.push(` ${token.content} `); break
      default:
        if (token.children) collect(token.children, into)
        into.push(token.block ? ' ' : '')
        continue
    }
  }
}

function expectedWords(source, name) {
  const parser = new MarkdownIt({ html: true, linkify: false })
  const parts = []
  collect(parser.parse(textOf(source, name), {}), parts)
  return wordsOf(parts.join(''))
}

// The words of `all` that `some` lacks, each as often as it lacks them.
function missing(all, some) {
  const left = new Map()
  for (const word of some) left.set(word, (left.get(word) ?? 0) + 1)
  return all.filter(word => {
    const count = left.get(word) ?? 0
    if (count > 0) left.set(word, count - 1)
    return count === 0
  })
}

const [program, ...decks] = process.argv.slice(2)
if (!program || decks.length === 0) {
  console.error('usage: node words.mjs PROGRAM DECK...')
  process.exit(2)
}
let failed = false
for (const deck of decks) {
  const source = readFileSync(deck, 'utf8')
  const shown = wordsOf(execFileSync(program, [deck], { encoding: 'utf8', maxBuffer: 1 << 28 }))
  const expected = expectedWords(source, basename(deck, '.md'))
  const lost = missing(expected, shown)
  const invented = missing(shown, wordsOf(source))
  console.log(`${deck}: ${expected.length} words, ${lost.length} lost, ${invented.length} invented`)
  if (lost.length) console.log(`  lost: ${lost.join(' ')}`)
  if (invented.length) console.log(`  invented: ${invented.join(' ')}`)
  if (expected.length === 0) console.log('  no word was found: the comparison is broken')
  failed ||= lost.length > 0 || invented.length > 0 || expected.length === 0
}
process.exit(failed ? 1 : 0)
