package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/web/chart"
)

// perPage is how many students one page lists.
const perPage = 25

type engagementBody struct {
	report.Overview
	Terms            []report.Term
	Departments      []string
	Levels           []report.Level
	Filter           report.Filter
	Query            listQuery
	List             report.List
	Columns          []column
	From, To         int
	Previous, Next   string
	TrendWide        template.HTML
	TrendNarrow      template.HTML
	LowestWide       template.HTML
	LowestNarrow     template.HTML
	Sorted           string
	Chosen           string // what the filters choose beyond those in the form, in words
	ChosenWithoutOne string // the same list without that choice
	CSV              string
	Sparks           map[string]template.HTML
}

// column is a heading of the list; one with an address sorts by it.
type column struct {
	Label, Href, Sort, Icon string // Sort is the value of aria-sort
	Number                  bool
}

func (s *Site) engagement(c *gin.Context, who *caller) error {
	ctx := c.Request.Context()
	query, err := readListQuery(c.Request.URL.Query())
	if err != nil {
		return err
	}
	query = query.forReader(who)
	body := engagementBody{Query: query, Filter: query.filter(who), Levels: report.Levels}
	if !body.Filter.Sponsorship {
		body.Levels = body.Levels[:report.FinalWarning+1]
	}
	if body.Overview, err = s.Reports.Overview(ctx, query.Term, body.Filter.Sponsorship); err != nil {
		return err
	}
	if body.List, err = s.Reports.Students(ctx, query.Term, body.Filter); err != nil {
		return err
	}
	if body.Terms, err = s.Reports.Terms(ctx); err != nil {
		return err
	}
	if body.Departments, err = s.Reports.Departments(ctx); err != nil {
		return err
	}
	body.arrange()
	body.draw()
	return s.render(c, http.StatusOK, "engagement", sheet{Title: "Student engagement", Here: "/engagement", Body: body})
}

// arrange fills in the links around the list.
func (b *engagementBody) arrange() {
	b.From = min(b.Filter.Offset+1, b.List.Total)
	b.To = min(b.Filter.Offset+perPage, b.List.Total)
	if b.Query.Page > 1 {
		b.Previous = b.Query.with("page", strconv.Itoa(b.Query.Page-1))
	}
	if b.To < b.List.Total {
		b.Next = b.Query.with("page", strconv.Itoa(b.Query.Page+1))
	}
	b.CSV = "/engagement.csv?" + b.Query.without("page").Encode()
	b.Sorted = orderWords[b.Filter.Order]
	b.Chosen, b.ChosenWithoutOne = b.Query.chosen()
	b.Columns = []column{
		b.column("Student", report.ByName, report.ByNameDesc), {Label: "Department"}, {Label: "Last ten weeks"},
		b.column("Attendance", report.ByAttendance, report.ByAttDesc), b.column("Missed contacts", report.ByMissed, report.ByMissedDesc),
		b.column("Standing", "", report.MostUrgent), {Label: "Next step"},
	}
	b.Columns[3].Number, b.Columns[4].Number = true, true
}

var orderWords = map[report.Order]string{
	report.MostUrgent: "most urgent first", report.ByAttendance: "lowest attendance first", report.ByAttDesc: "highest attendance first",
	report.ByName: "by name", report.ByNameDesc: "by name, reversed", report.ByMissed: "fewest missed first",
	report.ByMissedDesc: "most missed first", report.ByNumber: "by student number",
}

// column makes a heading that sorts; a second use turns the order round.
func (b *engagementBody) column(label string, up, down report.Order) column {
	c := column{Label: label}
	first, second := down, up
	if label == "Student" || label == "Attendance" {
		first, second = up, down
	}
	c.Href = b.Query.with("sort", string(first))
	switch b.Filter.Order {
	case up:
		c.Sort, c.Icon = "ascending", "arrow-up"
	case down:
		c.Sort, c.Icon = "descending", "arrow-down"
	}
	if b.Filter.Order == first && second != "" {
		c.Href = b.Query.with("sort", string(second))
	}
	return c
}

// thresholds are the percentages of the ladder.
var thresholds = []chart.Threshold{{Label: "90 first", Value: 900, Class: "l1"}, {Label: "85 second", Value: 850, Class: "l2"}, {Label: "80 final", Value: 800, Class: "l3"}}

// lowest is how many departments the chart shows.
const lowest = 8

func (b *engagementBody) draw() {
	line := chart.Line{
		Title: "Attendance by teaching week, " + b.Term.Name, Description: describe(b.Trend.Weeks), Thresholds: thresholds,
		Low: floor(b.Trend.Weeks), High: 1000, Width: 720, Height: 260, Class: "wide",
	}
	for _, w := range b.Trend.Weeks {
		line.Points = append(line.Points, chart.Point{Label: "W" + strconv.Itoa(w.Number), Value: value(w.Rate), Text: w.Rate.String(), Href: "/registers?week=" + w.Monday})
	}
	b.TrendWide = line.SVG("trend")
	line.Class, line.Width, line.Height, line.Every = "narrow", 390, 240, (len(line.Points)+5)/6
	b.TrendNarrow = line.SVG("trend-narrow")

	bars := chart.Bars{
		Title: "Departments with the lowest attendance", Description: "Term to date, lowest first. Each leads to its students.",
		Low: 500, Warn: 850, Danger: 800, Width: 450, LabelWidth: 150, RowHeight: 30, Class: "wide",
	}
	for _, d := range b.Trend.Departments[:min(lowest, len(b.Trend.Departments))] {
		href := "/engagement?" + url.Values{"department": {d.Department}, "term": {b.Term.ID}}.Encode()
		bars.Points = append(bars.Points, chart.Point{Label: shorten(d.Department, 21), Value: value(d.Rate), Text: d.Rate.String(), Href: href})
	}
	b.LowestWide = bars.SVG("lowest")
	bars.Class, bars.Width, bars.LabelWidth = "narrow", 350, 140
	b.LowestNarrow = bars.SVG("lowest-narrow")

	b.Sparks = make(map[string]template.HTML, len(b.List.Rows))
	for _, row := range b.List.Rows {
		points := make([]chart.Point, len(row.Weeks))
		for i, w := range row.Weeks {
			points[i] = chart.Point{Label: "Week of " + civil(w.Monday), Value: value(w.Rate), Text: w.Rate.String()}
			if w.Rate.Counted == 0 {
				points[i].Text = "none"
			}
		}
		b.Sparks[row.ID] = chart.Spark(points)
	}
}

// value is a rate for a chart; a gap when nothing was counted.
func value(r report.Rate) int64 {
	if r.Counted == 0 {
		return -1
	}
	return r.Permille()
}

// floor is the lower edge of the chart: a multiple of 10 % below every point and every threshold.
func floor(weeks []report.Week) int64 {
	low := int64(780)
	for _, w := range weeks {
		if v := value(w.Rate); v >= 0 {
			low = min(low, v-20)
		}
	}
	return max(low/100*100, 0)
}

// describe says in a sentence what the line shows.
func describe(weeks []report.Week) string {
	var counted []report.Week
	for _, w := range weeks {
		if w.Rate.Counted > 0 {
			counted = append(counted, w)
		}
	}
	if len(counted) == 0 {
		return "No contact has been counted yet."
	}
	low := counted[0]
	for _, w := range counted {
		if w.Rate.Permille() < low.Rate.Permille() {
			low = w
		}
	}
	first, last := counted[0], counted[len(counted)-1]
	return fmt.Sprintf("%s in week %d, %s in week %d, lowest in week %d at %s.", first.Rate, first.Number, last.Rate, last.Number, low.Number, low.Rate)
}

func shorten(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
