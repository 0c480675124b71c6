// Package chart draws small, accessible SVG charts without scripts. It knows nothing of students: it is given points and
// says nothing of what they mean.
//
// Colours and type come from the page's style sheet by class, so that charts follow the theme, print well and need no style
// attribute: they work under a Content-Security-Policy without 'unsafe-inline'.
package chart

import (
	"fmt"
	"html/template"
	"strings"
)

// Point is one value. Values are thousandths, so that a chart never shows more than the figure beside it.
type Point struct {
	Label string
	Value int64  // 0 to 1000; negative is a gap
	Text  string // the figure as it is written elsewhere on the page
	Href  string // where the point leads; "" for nowhere
}

// drawing is an SVG under construction. Every text that is not a constant passes through text.
type drawing struct{ strings.Builder }

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(d, format, args...) }

// open begins an image with a name and a description for those who do not see it.
func (d *drawing) open(id, class string, width, height int, title, description string) {
	d.add(`<svg class="chart %s" role="img" aria-labelledby="%s-t %s-d" viewBox="0 0 %d %d">`, class, id, id, width, height)
	d.add(`<title id="%s-t">%s</title><desc id="%s-d">%s</desc>`, id, text(title), id, text(description))
}

// link begins a link when there is somewhere to go, and returns what ends it.
func (d *drawing) link(p Point) (end string) {
	if p.Href == "" {
		return ""
	}
	d.add(`<a href="%s" aria-label="%s: %s">`, text(p.Href), text(p.Label), text(p.Text))
	return `</a>`
}

func (d *drawing) html() template.HTML {
	d.WriteString(`</svg>`)
	return template.HTML(d.String()) //nolint:gosec // every variable part was escaped by text or is a number
}

func text(s string) string { return template.HTMLEscapeString(s) }
