package chart

import (
	"fmt"
	"html/template"
	"strings"
)

// Size of a spark, in CSS pixels.
const (
	sparkWidth  = 88
	sparkHeight = 22
)

// Spark is a strip of small columns for a table row, oldest first. A gap is a flat line.
func Spark(points []Point) template.HTML {
	var d drawing
	words := make([]string, len(points))
	for i, p := range points {
		words[i] = p.Text
	}
	d.add(`<svg class="spark" role="img" aria-label="%s" viewBox="0 0 %d %d" width="%d" height="%d">`,
		text("By week, oldest first: "+strings.Join(words, ", ")), sparkWidth, sparkHeight, sparkWidth, sparkHeight)
	step := float64(sparkWidth) / float64(max(len(points), 1))
	for i, p := range points {
		height := max(2, float64(p.Value)*(sparkHeight-2)/1000)
		d.add(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f" rx="1"><title>%s</title></rect>`,
			sparkClass(p.Value), float64(i)*step+0.75, sparkHeight-height, step-1.5, height, text(fmt.Sprintf("%s: %s", p.Label, p.Text)))
	}
	return d.html()
}

func sparkClass(value int64) string {
	switch {
	case value < 0:
		return "none"
	case value < 500:
		return "bad"
	case value < 850:
		return "mid"
	}
	return "ok"
}
