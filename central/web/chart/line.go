package chart

import "html/template"

// Threshold is a dashed line across a chart. Class is l1 (mildest) to l3.
type Threshold struct {
	Label string
	Value int64
	Class string
}

// Line is a line over equally spaced points.
type Line struct {
	Title, Description string
	Points             []Point
	Thresholds         []Threshold
	Low, High          int64 // the values at the bottom and top
	Width, Height      int
	Class              string // beside "chart"
	Every              int    // label every n-th point; 0 is every one
}

// Room around the plot, in the drawing's units.
const (
	lineLeft   = 46
	lineRight  = 88
	lineTop    = 16
	lineBottom = 30
)

func (l Line) x(i int) float64 {
	span := float64(l.Width - lineLeft - lineRight)
	return lineLeft + span*float64(i)/float64(max(len(l.Points)-1, 1))
}

func (l Line) y(value int64) float64 {
	span := float64(l.Height - lineTop - lineBottom)
	value = min(max(value, l.Low), l.High)
	return lineTop + span*(1-float64(value-l.Low)/float64(max(l.High-l.Low, 1)))
}

// SVG draws the line; id must be unique on the page.
func (l Line) SVG(id string) template.HTML {
	var d drawing
	d.open(id, l.Class, l.Width, l.Height, l.Title, l.Description)
	right := float64(l.Width - lineRight)
	for v := (l.Low + 99) / 100 * 100; v <= l.High; v += 100 {
		d.add(`<line class="grid" x1="%d" x2="%.1f" y1="%.1f" y2="%.1f"/>`, lineLeft, right, l.y(v), l.y(v))
		d.add(`<text x="%d" y="%.1f" text-anchor="end">%d%%</text>`, lineLeft-8, l.y(v)+4, v/10)
	}
	for _, t := range l.Thresholds {
		d.add(`<line class="threshold %s" x1="%d" x2="%.1f" y1="%.1f" y2="%.1f"/>`, t.Class, lineLeft, right, l.y(t.Value), l.y(t.Value))
		d.add(`<text class="%s" x="%.1f" y="%.1f">%s</text>`, t.Class, right+8, l.y(t.Value)+4, text(t.Label))
	}
	for _, run := range l.runs() {
		l.drawRun(&d, run)
	}
	l.drawLast(&d)
	for i, p := range l.Points {
		if i%max(l.Every, 1) == 0 {
			d.add(`<text x="%.1f" y="%d" text-anchor="middle">%s</text>`, l.x(i), l.Height-8, text(p.Label))
		}
	}
	return d.html()
}

// runs are the places of points between gaps.
func (l Line) runs() [][]int {
	var runs [][]int
	var run []int
	for i, p := range l.Points {
		if p.Value >= 0 {
			run = append(run, i)
			continue
		}
		if len(run) > 0 {
			runs, run = append(runs, run), nil
		}
	}
	if len(run) > 0 {
		runs = append(runs, run)
	}
	return runs
}

func (l Line) drawRun(d *drawing, run []int) {
	first, last := run[0], run[len(run)-1]
	d.add(`<path class="area" d="M%.1f %.1f`, l.x(first), l.y(l.Low))
	for _, i := range run {
		d.add(`L%.1f %.1f`, l.x(i), l.y(l.Points[i].Value))
	}
	d.add(`L%.1f %.1fZ"/><path class="line" d="`, l.x(last), l.y(l.Low))
	for n, i := range run {
		d.add(`%s%.1f %.1f`, map[bool]string{true: "M", false: "L"}[n == 0], l.x(i), l.y(l.Points[i].Value))
	}
	d.add(`"/>`)
	for _, i := range run {
		p := l.Points[i]
		end := d.link(p)
		d.add(`<circle class="dot" cx="%.1f" cy="%.1f" r="4"><title>%s: %s</title></circle>%s`, l.x(i), l.y(p.Value), text(p.Label), text(p.Text), end)
	}
}

// drawLast writes the newest figure beside its point.
func (l Line) drawLast(d *drawing) {
	for i := len(l.Points) - 1; i >= 0; i-- {
		p := l.Points[i]
		if p.Value < 0 {
			continue
		}
		d.add(`<circle class="dot last" cx="%.1f" cy="%.1f" r="5"/>`, l.x(i), l.y(p.Value))
		d.add(`<text class="value" x="%.1f" y="%.1f" text-anchor="end">%s</text>`, l.x(i)+4, l.y(p.Value)-11, text(p.Text))
		return
	}
}
