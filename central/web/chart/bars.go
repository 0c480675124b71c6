package chart

import "html/template"

// Bars are horizontal bars, one per point.
type Bars struct {
	Title, Description string
	Points             []Point
	Low                int64 // the value at the left edge; the right edge is 1000
	Warn, Danger       int64 // bars below them are marked
	Width, LabelWidth  int
	RowHeight          int
	Class              string
}

// barFigure is the room for the figure at the end of a bar.
const barFigure = 62

// SVG draws the bars; id must be unique on the page.
func (b Bars) SVG(id string) template.HTML {
	var d drawing
	d.open(id, b.Class, b.Width, b.RowHeight*len(b.Points)+4, b.Title, b.Description)
	full := float64(b.Width - b.LabelWidth - barFigure)
	for i, p := range b.Points {
		middle := float64(i*b.RowHeight) + float64(b.RowHeight)/2 + 2
		length := full * float64(min(max(p.Value-b.Low, 0), 1000-b.Low)) / float64(max(1000-b.Low, 1))
		end := d.link(p)
		d.add(`<text class="label" x="%d" y="%.1f" text-anchor="end">%s</text>`, b.LabelWidth-10, middle+4, text(p.Label))
		d.add(`<rect class="track" x="%d" y="%.1f" width="%.1f" height="8" rx="4"/>`, b.LabelWidth, middle-4, full)
		d.add(`<rect class="bar %s" x="%d" y="%.1f" width="%.1f" height="8" rx="4"/>`, b.class(p.Value), b.LabelWidth, middle-4, length)
		d.add(`<text class="value" x="%d" y="%.1f" text-anchor="end">%s</text>%s`, b.Width-4, middle+4, text(p.Text), end)
	}
	return d.html()
}

func (b Bars) class(value int64) string {
	switch {
	case value < b.Danger:
		return "danger"
	case value < b.Warn:
		return "warn"
	}
	return "fine"
}
