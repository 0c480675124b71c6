package web

import (
	"encoding/csv"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/rollcall-edge/rollcall/central/calendar"
	"github.com/rollcall-edge/rollcall/central/report"
)

// sheetWriter writes CSV for spreadsheets. It begins with a byte-order mark, because Excel otherwise reads UTF-8 as the
// machine's old code page and garbles names; our own import takes the mark off.
//
// Its last column is the daily seal that central stood by when the file was made, as it is printed on pages: in each line, so
// that it survives sorting, filtering and cutting, and in a column of its own, so that every reader of CSV takes it. Our own
// import passes over it.
type sheetWriter struct {
	*csv.Writer
	seal string
}

func (s *Site) newSheetWriter(c *gin.Context, name string) (sheetWriter, error) {
	c.Header("Content-Type", "text/csv; charset=utf-8")
	c.Header("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	c.Status(http.StatusOK)
	day, digest := s.Day()
	if _, err := io.WriteString(c.Writer, "\ufeff"); err != nil {
		return sheetWriter{}, fmt.Errorf("write csv: %w", err)
	}
	return sheetWriter{csv.NewWriter(c.Writer), strings.TrimSpace(strings.Join([]string{day, digest}, " "))}, nil
}

// sealColumn is what our own import passes over (sheet.SealColumn).
const sealColumn = "daily_seal"

// head writes the names of the columns.
func (w sheetWriter) head(names ...string) error { return w.line(append(names, sealColumn)) }

// row writes one line of guarded cells.
func (w sheetWriter) row(cells ...string) error {
	for i, cell := range cells {
		cells[i] = guardCell(cell)
	}
	return w.line(append(cells, w.seal))
}

func (w sheetWriter) line(cells []string) error {
	if err := w.Write(cells); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// guardCell keeps a cell from being taken for a formula: a name may begin with "=" and would run when the file is opened
// (OWASP, CSV injection). The apostrophe is how a spreadsheet is told "this is text".
func guardCell(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func (w sheetWriter) close() error {
	w.Flush()
	if err := w.Error(); err != nil {
		return fmt.Errorf("write csv: %w", err)
	}
	return nil
}

// engagementCSV writes the list of students that the page with the same query shows, all pages of it.
func (s *Site) engagementCSV(c *gin.Context, who *caller) error {
	query, err := readListQuery(c.Request.URL.Query())
	if err != nil {
		return err
	}
	f := query.forReader(who).filter(who)
	f.Limit, f.Offset = 0, 0
	list, err := s.Reports.Standings(c.Request.Context(), query.Term, f)
	if err != nil {
		return err
	}
	w, err := s.newSheetWriter(c, "engagement-"+list.Term.ID+".csv")
	if err != nil {
		return err
	}
	head := []string{
		"student", "name", "email", "department", "programme", "level_of_study", "term", "attended", "counted", "percent", "missed",
		"not_known", "contacts_expected", "contacts_met", "contacts_excused", "standing", "last_tap_credited",
	}
	if f.Sponsorship {
		head = append(head, "visa", "report_due")
	}
	if err := w.head(head...); err != nil {
		return err
	}
	for _, row := range list.Rows {
		if err := w.row(standingCells(list.Term, row, f.Sponsorship)...); err != nil {
			return err
		}
	}
	return w.close()
}

func standingCells(t report.Term, row report.StudentRow, sponsorship bool) []string {
	st := row.Standing
	cells := []string{
		row.ID, row.Name, row.Email, row.Department, row.Programme, row.Study, t.ID, count(st.Rate.Attended), count(st.Rate.Counted),
		percent(st.Rate), count(st.Missed), count(st.Pending), count(st.Expected()), count(st.Met), count(st.Excused), st.Level.String(), local(st.SeenAt),
	}
	if sponsorship {
		cells = append(cells, yes(row.Visa), st.Deadline)
	}
	return cells
}

func findingCells(f report.Finding) []string {
	return []string{
		count(f.ID), f.Student, f.Subject, f.Name, f.Department, f.Rule, f.Scope, f.Step, string(f.Opens), f.Summary, f.Deadline, local(&f.AsOf), local(&f.FoundAt),
		f.Policy, strings.Join(f.Evidence, "; "), local(f.SupersededAt), f.SupersededBy,
	}
}

// studentCSV writes one line per session with its credited tap, and one line per other tap.
func (s *Site) studentCSV(c *gin.Context, record report.Student) error {
	w, err := s.newSheetWriter(c, "student-"+record.ID+"-"+record.Term.ID+".csv")
	if err != nil {
		return err
	}
	err = w.head("line", "student", "session", "module", "kind", "starts", "ends", "rooms", "mark", "source", "why", "policy",
		"tap", "tapped_at", "point", "evidence", "light", "gateway_reason", "clock", "card_digest", "time", "stamped_at", "earliest", "latest")
	if err != nil {
		return err
	}
	for _, contact := range record.Contacts {
		e, m := contact.Session, contact.Mark
		cells := []string{"session", record.ID, e.ID, e.Module, e.Kind, local(&e.StartsAt), local(&e.EndsAt), roomNames(e), string(m.Code), m.Source, m.Reason, m.Policy}
		if err := w.row(append(cells, tapCells(contact.Credited)...)...); err != nil {
			return err
		}
		for _, t := range contact.Others {
			if err := w.row(otherTap(record.ID, e.ID, e.Module, t)...); err != nil {
				return err
			}
		}
	}
	for _, t := range record.Loose {
		if err := w.row(otherTap(record.ID, "", "", t)...); err != nil {
			return err
		}
	}
	return w.close()
}

func otherTap(student, session, module string, t report.Tap) []string {
	return append([]string{"other tap", student, session, module, "", "", "", "", "", "", "", ""}, tapCells(&t)...)
}

func tapCells(t *report.Tap) []string {
	if t == nil {
		return make([]string, 12)
	}
	clock := t.Quality
	if t.WithinMS > 0 {
		clock += " within " + count(t.WithinMS) + " ms"
	}
	return []string{
		t.ID, t.At.In(calendar.London).Format(milliTime), t.Point, t.Evidence, t.Light(), t.Reason, clock, t.Digest,
		t.Time, t.StampedAt.In(calendar.London).Format(milliTime), toMilliseconds(t.Earliest), toMilliseconds(t.Latest),
	}
}

func toMilliseconds(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.In(calendar.London).Format(milliTime)
}

// milliTime is RFC 3339 with milliseconds: sortable, and exact about the zone.
const milliTime = "2006-01-02T15:04:05.000Z07:00"

func local(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.In(calendar.London).Format(time.RFC3339)
}

func roomNames(e report.Session) string {
	names := make([]string, len(e.Rooms))
	for i, r := range e.Rooms {
		names[i] = r.ID
	}
	return strings.Join(names, " ")
}

func percent(r report.Rate) string {
	if r.Counted == 0 {
		return ""
	}
	return strings.TrimSuffix(r.String(), "%")
}

func count(n int64) string { return strconv.FormatInt(n, 10) }

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
