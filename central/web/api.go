package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"

	"github.com/rollcall-edge/rollcall/central/account"
	"github.com/rollcall-edge/rollcall/central/contract"
	"github.com/rollcall-edge/rollcall/central/report"
	"github.com/rollcall-edge/rollcall/central/rules"
)

// apiConfig describes the API. There is no documentation page, because huma's is loaded from another origin.
func (s *Site) apiConfig() huma.Config {
	config := huma.DefaultConfig("Rollcall central", s.Build)
	config.DocsPath, config.SchemasPath, config.CreateHooks = "", "", nil
	config.Info.Description = "Attendance as central knows it: standings, registers, marks and the taps behind them. " +
		"Instants are RFC 3339 in UTC. Lists longer than a page answer `next`; give it back as `cursor`. Errors are RFC 9457 problem documents."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "An API token, issued by an administrator on the page /accounts."},
		"session": {Type: "apiKey", In: "cookie", Name: s.browser.Cookie.Name, Description: "The session of a logged-in browser."},
	}
	config.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	return config
}

// get adds a reading operation with its guard. Its errors are mapped as everywhere else.
func get[I, O any](s *Site, api huma.API, path string, action account.Action, id, summary string, answer func(context.Context, *I) (*O, error)) {
	s.guarded = append(s.guarded, guard{http.MethodGet, ginPath(path), action})
	operation := huma.Operation{
		OperationID: id, Method: http.MethodGet, Path: path, Summary: summary,
		Description: fmt.Sprintf("Needs a role that may %s.", action),
		Errors:      []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusUnprocessableEntity},
		Middlewares: huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
			c := humagin.Unwrap(ctx)
			s.identify(c)
			if !c.IsAborted() {
				s.allow(action)(c)
			}
			if !c.IsAborted() {
				next(huma.WithContext(ctx, c.Request.Context()))
			}
		}},
	}
	huma.Register(api, operation, func(ctx context.Context, in *I) (*O, error) {
		out, err := answer(ctx, in)
		if err != nil {
			status, text := s.refuse(ctx, path, err)
			return nil, huma.NewError(status, text)
		}
		return out, nil
	})
}

// ginPath writes {name} as :name.
func ginPath(path string) string {
	b := make([]byte, 0, len(path))
	for i := range len(path) {
		switch path[i] {
		case '{':
			b = append(b, ':')
		case '}':
		default:
			b = append(b, path[i])
		}
	}
	return string(b)
}

// body wraps a document as huma wants it.
type body[T any] struct{ Body T }

// page is one page of a list.
type page[T any] struct {
	Items []T    `json:"items" doc:"Never null."`
	Next  string `json:"next,omitempty" doc:"Give it back as cursor for the next page; absent on the last."`
}

func pageOf[T any](items []T, limit int, cursor func(T) string) *body[page[T]] {
	p := page[T]{Items: items}
	if p.Items == nil {
		p.Items = []T{}
	}
	if limit > 0 && len(items) == limit {
		p.Next = cursor(items[limit-1])
	}
	return &body[page[T]]{p}
}

type studentsInput struct {
	Term       string `query:"term" doc:"Term identifier; the present one if absent."`
	Search     string `query:"q" maxLength:"100" doc:"Part of a name, or the beginning of a student number."`
	Department string `query:"department"`
	Cursor     string `query:"cursor" doc:"next of the page before."`
	Limit      int    `query:"limit" minimum:"1" maximum:"5000" default:"500"`
}

// list reads one page of students by number.
func (in *studentsInput) list(ctx context.Context, s *Site) (report.List, error) {
	return s.Reports.Standings(ctx, in.Term, report.Filter{
		Search: in.Search, Department: in.Department, After: in.Cursor, Limit: in.Limit, Order: report.ByNumber,
		Sponsorship: callerOf(ctx).Role.May(account.SeeSponsorship),
	})
}

func (s *Site) apiStudents(ctx context.Context, in *studentsInput) (*body[page[report.StudentRow]], error) {
	list, err := in.list(ctx, s)
	if err != nil {
		return nil, err
	}
	return pageOf(list.Rows, in.Limit, func(r report.StudentRow) string { return r.ID }), nil
}

// apiStanding is a standing without the person around it.
type apiStanding struct {
	Student string `json:"student"`
	Term    string `json:"term"`
	report.Standing
	Permille int64 `json:"permille" doc:"attended/counted in thousandths, rounded down; 1000 when nothing was counted."`
}

func (s *Site) apiStandings(ctx context.Context, in *studentsInput) (*body[page[apiStanding]], error) {
	list, err := in.list(ctx, s)
	if err != nil {
		return nil, err
	}
	standings := make([]apiStanding, len(list.Rows))
	for i, row := range list.Rows {
		standings[i] = apiStanding{row.ID, list.Term.ID, row.Standing, row.Standing.Rate.Permille()}
	}
	return pageOf(standings, in.Limit, func(r apiStanding) string { return r.Student }), nil
}

type studentInput struct {
	ID   string `path:"id" doc:"Student number."`
	Term string `query:"term" doc:"Term identifier; the present one if absent."`
}

func (s *Site) apiStudent(ctx context.Context, in *studentInput) (*body[report.Student], error) {
	record, err := s.Reports.Student(ctx, in.ID, in.Term, callerOf(ctx).Role.May(account.SeeSponsorship))
	return &body[report.Student]{record}, err
}

type findingsInput struct {
	Student string    `query:"student" doc:"Student number."`
	Rule    string    `query:"rule" doc:"A clause, e.g. A-2."`
	Opens   string    `query:"opens" doc:"What a finding opens; anything if absent." enum:"notice,alert,warning,task,case"`
	State   string    `query:"state" doc:"superseded: no longer follows from the facts; all: either way; absent: in force." enum:"superseded,all"`
	From    time.Time `query:"from" doc:"Met from this instant on; from the beginning if absent."`
	To      time.Time `query:"to" doc:"Met before this instant; no bound if absent."`
	Cursor  int64     `query:"cursor" minimum:"0" doc:"next of the page before."`
	Limit   int       `query:"limit" minimum:"1" maximum:"5000" default:"500"`
}

func (s *Site) apiFindings(ctx context.Context, in *findingsInput) (*body[page[report.Finding]], error) {
	findings, err := s.Reports.FindingPage(ctx, report.FindingFilter{
		Student: in.Student, Rule: in.Rule, Opens: rules.Opens(in.Opens), State: report.FindingState(in.State), From: in.From, To: in.To,
		After: in.Cursor, Limit: in.Limit, Sponsorship: callerOf(ctx).Role.May(account.SeeSponsorship),
	})
	if err != nil {
		return nil, err
	}
	return pageOf(findings, in.Limit, func(f report.Finding) string { return count(f.ID) }), nil
}

type sessionsInput struct {
	From   time.Time `query:"from" required:"true" doc:"Sessions that end after this."`
	To     time.Time `query:"to" required:"true" doc:"Sessions that start before this."`
	Cursor string    `query:"cursor" doc:"next of the page before."`
	Limit  int       `query:"limit" minimum:"1" maximum:"5000" default:"1000"`
}

func (s *Site) apiSessions(ctx context.Context, in *sessionsInput) (*body[page[report.Session]], error) {
	q := report.SessionQuery{From: in.From, To: in.To, Limit: in.Limit}
	if in.Cursor != "" {
		var err error
		if q.After, q.AfterID, err = parseSessionCursor(in.Cursor); err != nil {
			return nil, err
		}
	}
	sessions, err := s.Reports.Sessions(ctx, q)
	if err != nil {
		return nil, err
	}
	return pageOf(sessions, in.Limit, sessionCursor), nil
}

type sessionInput struct {
	ID string `path:"id" doc:"Session identifier, as in the timetable."`
}

func (s *Site) apiRegister(ctx context.Context, in *sessionInput) (*body[report.Register], error) {
	reg, err := s.Reports.Register(ctx, in.ID)
	return &body[report.Register]{reg}, err
}

type tapsInput struct {
	From   time.Time `query:"from" required:"true" doc:"Taps from this instant on."`
	To     time.Time `query:"to" required:"true" doc:"Taps before this instant."`
	Cursor string    `query:"cursor" doc:"next of the page before: the last tap's id."`
	Limit  int       `query:"limit" minimum:"1" maximum:"5000" default:"1000"`
}

func (s *Site) apiTaps(ctx context.Context, in *tapsInput) (*body[page[report.Tap]], error) {
	q := report.TapQuery{From: in.From, To: in.To, Limit: in.Limit}
	if in.Cursor != "" {
		var err error
		if q.After, err = contract.ParseTapID(in.Cursor); err != nil {
			return nil, fmt.Errorf("%w: cursor: %w", report.ErrQuery, err)
		}
	}
	taps, err := s.Reports.Taps(ctx, q)
	if err != nil {
		return nil, err
	}
	return pageOf(taps, in.Limit, func(t report.Tap) string { return t.ID }), nil
}

func (s *Site) apiGateways(ctx context.Context, _ *struct{}) (*body[page[report.Gateway]], error) {
	gateways, err := s.Reports.Gateways(ctx)
	if err != nil {
		return nil, err
	}
	return pageOf(gateways, 0, nil), nil
}

func (s *Site) apiStreams(ctx context.Context, _ *struct{}) (*body[page[report.Stream]], error) {
	streams, err := s.Reports.Streams(ctx)
	if err != nil {
		return nil, err
	}
	return pageOf(streams, 0, nil), nil
}
