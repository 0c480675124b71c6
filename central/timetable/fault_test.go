package timetable

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	studentsHead = "student_id,name,email,department,programme,level,visa\n"
	cardsHead    = "student_id,card,valid_from,valid_to,status\n"
	eventsHead   = "event_id,date,start,end,room_id,module_id,type,mandatory,delivery,staff_id,student_id,delete\n"
)

// The rows are those of the project's list of bad inputs, as far as they are about files.
func TestBadFiles(t *testing.T) {
	for _, tt := range []struct {
		name    string
		kind    Kind
		content string
		want    []string // every fault; those of one line in any file are in the order of the columns
	}{
		{"row 31: UTF-16 with a mark", Students, "\xff\xfes\x00t\x00u\x00", []string{
			"the file is UTF-16 (little endian), want UTF-8; save it as “CSV UTF-8”"}},
		{"row 31: UTF-16 big endian without a mark", Students, "\x00s\x00t\x00u\x00d\x00e\x00n\x00t", []string{
			"the file is UTF-16 (big endian), want UTF-8; save it as “CSV UTF-8”"}},
		{"row 31: Latin-1", Students, studentsHead + "s1,Ada,,,,,\ns3,Ren\xe9e,,,,,\n", []string{
			"line 3: octet 0xE9 is not UTF-8; the file is probably Latin-1 or Windows-1252; save it as “CSV UTF-8”"}},
		{"row 33: a quote that is never closed", Students, studentsHead + "s1,Ada,,,,,\ns3,\"Bob,,,,,\ns4,Cy,,,,,\n", []string{
			"line 3: a quote is opened and never closed; close it, or write a quote inside a field twice"}},
		{"a quote in the middle", Students, studentsHead + "s1,A\"da,,,,,\n", []string{
			"line 2: a quote is out of place (column 5); put the whole field into quotes and write quotes inside it twice"}},
		{"row 34: a field too many and one too few", Students, studentsHead + "s1,Ada,,,,,,\ns3,Bob,,,,\n", []string{
			"line 2: the line has more or fewer fields than the header; put fields with the separator inside into quotes",
			"line 3: the line has more or fewer fields than the header; put fields with the separator inside into quotes"}},
		{"row 35: NUL in a card number", Cards, cardsHead + "s2,w26:1:\x001,,,\n", []string{
			"line 2, card: the text contains the control character U+0000; delete it"}},
		{"row 36: a number in the form of a spreadsheet", Cards, cardsHead + "s2,\"4,1E+06\",,,\ns2,4.1E+06,,,\n", []string{
			"line 2, card: \"4,1E+06\" was a number before a spreadsheet rounded it; format the column as text and export it again",
			"line 3, card: \"4.1E+06\" was a number before a spreadsheet rounded it; format the column as text and export it again"}},
		{"row 36: a student number in that form", Students, studentsHead + "1.2E+08,Ada,,,,,\n", []string{
			"line 2, student_id: \"1.2E+08\" was a number before a spreadsheet rounded it; format the column as text and export it again"}},
		{"row 37: leading zeros lost in a UID", Cards, cardsHead + "s2,uid:4A2B3C4D5E680,,,\n", []string{
			"line 2, card: \"uid:4A2B3C4D5E680\": a UID has 8, 14 or 20 hexadecimal digits; if leading zeros were lost, format the column as text and export it again"}},
		{"row 37: leading zeros lost in a student number", Cards, cardsHead + "123,w26:1:1,,,\n", []string{
			"line 2, student_id: student \"123\" is unknown; there is a student 00123: if leading zeros were lost, format the column as text and export it again"}},
		{"row 38: one card of two students", Cards, cardsHead + "00123,w26:1:1,,,\ns2,w26:2:2,,,\ns2,w26:01:001,,,\n", []string{
			"line 4, card: this card is in line 2 already, of student 00123; a card has one holder; delete one of the two lines"}},
		{"row 39: unknown students, each once", Sessions, eventsHead + "x,2026-10-05,09:00,10:00,A-101,LAW,,,,,s9,\nx,2026-10-05,09:00,10:00,A-101,LAW,,,,,s8,\ny,2026-10-06,09:00,10:00,A-101,LAW,,,,,s9,\n", []string{
			"line 2, student_id: student \"s9\" is unknown; import the student first",
			"line 3, student_id: student \"s8\" is unknown; import the student first"}},
		{"row 40: an hour that does not exist", Sessions, eventsHead + "x,2026-03-29,01:30,03:00,A-101,LAW,,,,,,\n", []string{
			"line 2, start: 01:30 does not exist on 2026-03-29: the clocks go forward then; write the time the class really starts or ends"}},
		{"row 41: an hour that exists twice", Sessions, eventsHead + "x,2026-10-25,01:30,03:00,A-101,LAW,,,,,,\n", []string{
			"line 2, start: 01:30 exists twice on 2026-10-25: the clocks go back then; write 01:30+01:00 for the first or 01:30+00:00 for the second"}},
		{"an offset that is not London's", Sessions, eventsHead + "x,2026-10-05,09:00Z,10:00,A-101,LAW,,,,,,\n", []string{
			"line 2, start: the offset Z is not in force in London on 2026-10-05; leave the offset out"}},
		{"row 43: the end before the start", Sessions, eventsHead + "x,2026-10-05,10:00,09:00,A-101,LAW,,,,,,\ny,2026-10-05,10:00,10:00,A-101,LAW,,,,,,\n", []string{
			"line 2, end: the session ends at 09:00, not after its start at 10:00",
			"line 3, end: the session ends at 10:00, not after its start at 10:00"}},
		{"an unknown room", Sessions, eventsHead + "x,2026-10-05,09:00,10:00,Z-9,LAW,,,,,,\n", []string{
			"line 2, room_id: room \"Z-9\" is unknown; import rooms first"}},
		{"no room", Sessions, eventsHead + "x,2026-10-05,09:00,10:00,,LAW,,,,,,\n", []string{"line 2, room_id: the field is empty"}},
		{"lines of one event that do not agree", Sessions, eventsHead + "x,2026-10-05,09:00,10:00,A-101,LAW,,,,,s2,\nx,2026-10-05,09:30,10:00,A-101,LAW,,,,,00123,\n", []string{
			"line 3, start: line 2 says something else of event \"x\"; make the lines of one event agree"}},
		{"an event deleted and stated", Sessions, eventsHead + "law-1,2026-10-05,09:00,10:00,A-101,LAW,,,,,,\nlaw-1,,,,,,,,,,,yes\n", []string{
			"line 3, delete: event \"law-1\" is deleted here and stated in line 2; delete one of the two lines"}},
		{"a day in the other format", Sessions, eventsHead + "x,05/10/2026,09:00,10:00,A-101,LAW,,,,,,\n", []string{
			"line 2, date: \"05/10/2026\" is not a day; declare the other date format if all days are written like this (this import says iso)"}},
		{"a day that does not exist", Sessions, eventsHead + "x,2026-02-30,09:00,10:00,A-101,LAW,,,,,,\n", []string{
			"line 2, date: \"2026-02-30\" is not a day; write it as yyyy-mm-dd"}},
		{"a time of day that is none", Sessions, eventsHead + "x,2026-10-05,9am,24:00,A-101,LAW,,,,,,\n", []string{
			"line 2, start: \"9am\" is not a time of day; write it as hh:mm, for example 09:00",
			"line 2, end: \"24:00\" is not a time of day; write it as hh:mm from 00:00 to 23:59"}},
		{"words that are not yes or no", Sessions, eventsHead + "x,2026-10-05,09:00,10:00,A-101,LAW,,maybe,on the moon,,,\n", []string{
			"line 2, mandatory: \"maybe\" is neither yes nor no; write yes or no",
			"line 2, delivery: \"on the moon\" is not a way of delivery; write in_person, online or hybrid"}},
		{"an empty file", Terms, "", []string{"the file is empty; the columns of this kind of file are term_id, name, first_day, last_day"}},
		{"columns wrong, twice and missing", Terms, "term_id,name,name,first\n", []string{
			"line 1, name: the column is there twice",
			"line 1, \"first\": no such column; the columns of this kind of file are term_id, name, first_day, last_day",
			"line 1, first_day: the column is missing; the columns of this kind of file are term_id, name, first_day, last_day",
			"line 1, last_day: the column is missing; the columns of this kind of file are term_id, name, first_day, last_day"}},
		{"a term that ends before it starts", Terms, "term_id,name,first_day,last_day\na,Autumn,2026-12-11,2026-09-28\n", []string{
			"line 2, last_day: the term ends on 2026-09-28, before it starts on 2026-12-11"}},
		{"terms that share a day", Terms, "term_id,name,first_day,last_day\na,Autumn,2026-09-28,2026-12-11\nb,Winter,2026-12-11,2026-12-20\n", []string{
			"line 3, first_day: the terms a and b share days from 2026-12-11 on; a day belongs to one term only"}},
		{"a student twice", Students, studentsHead + "s1,Ada,,,,,\ns1,Ada,,,,,\n", []string{
			"line 3, student_id: \"s1\" is in line 2 already; delete one of the two lines"}},
		{"no name and no address", Students, studentsHead + "s1,,,,,,\ns3,Bob,at home,,,,\n", []string{
			"line 2, name: the field is empty", "line 3, email: \"at home\" is not an e-mail address"}},
		{"an identifier too long", Students, studentsHead + strings.Repeat("x", 65) + ",Ada,,,,,\n", []string{
			"line 2, student_id: student_id is 65 octets long, at most 64 are allowed"}},
		{"a room in two buildings", Rooms, "building_id,building_name,room_id,room_name,point_id\nA,A,R,R,R/1\nB,B,R,R,R/2\n", []string{
			"line 3, room_id: line 2 says something else of room \"R\"; make the lines agree"}},
		{"a point in two rooms", Rooms, "building_id,building_name,room_id,room_name,point_id\nA,A,R,R,R/1\nA,A,S,S,R/1\n", []string{
			"line 3, point_id: line 2 says something else of point \"R/1\"; make the lines agree"}},
		{"a card of no kind", Cards, cardsHead + "s2,12345,,,\ns2,rfid:12,,,\n", []string{
			"line 2, card: \"12345\" does not say what kind of number it is; write it as w26:123:45678, uid:04A2B3C4D5E680, em:010063E9AE, raw:48:010203040506 or qr:LIB-7F3A-99C1",
			"line 3, card: \"rfid:12\" is of an unknown kind; write it as w26:123:45678, uid:04A2B3C4D5E680, em:010063E9AE, raw:48:010203040506 or qr:LIB-7F3A-99C1"}},
		{"a card over its bits", Cards, cardsHead + "s2,w26:256:1,,,\n", []string{
			"line 2, card: \"w26:256:1\" does not fit into 8 and 16 bits; check which format the readers of this site use"}},
		{"cards that identify nobody", Cards, cardsHead + "s2,uid:00000000,,,\ns2,uid:FFFFFFFFFFFFFF,,,\ns2,uid:08112233,,,\n", []string{
			"line 2, card: \"uid:00000000\" is blank: it identifies nobody; read the card again",
			"line 3, card: \"uid:FFFFFFFFFFFFFF\" is blank: it identifies nobody; read the card again",
			"line 4, card: \"uid:08112233\" is a random number that the card changes at every tap; use another number of the card"}},
		{"a status that is none", Cards, cardsHead + "s2,w26:1:1,,,mislaid\n", []string{
			"line 2, status: \"mislaid\" is not a status of a card; write active, blocked, lost, stolen or withdrawn"}},
		{"a card that ends before it begins", Cards, cardsHead + "s2,w26:1:1,2026-10-02,2026-10-01,\n", []string{
			"line 2, valid_to: the card ends before it begins"}},
		{"a point that goes nowhere", Rooms, "building_id,building_name,room_id,room_name,point_id,direction\nA,A,A-101,A,R/1,up\n", []string{
			"line 2, direction: \"up\" is neither in nor out; write out for a reader at which people leave"}},
		{"approvals without a name, or without a role", Absences, "student_id,from,to,reason,approved_by,approvals\ns2,2026-10-07,2026-10-07,ill,Dr No,course_lead\ns2,2026-10-08,2026-10-08,ill,Dr No,Dr Who: x\n", []string{
			"line 2, approvals: \"course_lead\" is not a role with a name; write for example course_lead: a.smith; head_of_registry: b.jones",
			"line 3, approvals: \"Dr Who: x\" is not a role with a name; write for example course_lead: a.smith; head_of_registry: b.jones"}},
		{"an absence of a stranger that ends before it begins", Absences, "student_id,from,to,reason,approved_by\ns2,2026-10-07,2026-10-06,ill,Dr No\ns9,2026-10-07,2026-10-08,ill,Dr No\n", []string{
			"line 2, to: the absence ends before it begins", "line 3, student_id: student \"s9\" is unknown; import the student first"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := smallCampus()
			_, err := m.take(t, tt.kind, tt.content, Options{})
			faults, _ := errors.AsType[Faults](err)
			var got []string
			for _, f := range faults {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("faults differ (-want +got):\n%s(error: %v)", diff, err)
			}
			if m.change != nil {
				t.Errorf("change = %+v, want none of a faulty file", m.change)
			}
		})
	}
}

func TestFaultsAreCutWhereNobodyReadsOn(t *testing.T) {
	var content strings.Builder
	content.WriteString(studentsHead)
	for i := range 250 {
		fmt.Fprintf(&content, "s%d,,,,,,\n", i)
	}
	_, err := smallCampus().take(t, Students, content.String(), Options{})
	faults, _ := errors.AsType[Faults](err)
	if len(faults) != 101 || faults[100].Problem != "and 150 more faults from here on" {
		t.Errorf("%d faults, the last %q; want 100 and one that counts 150 more", len(faults), faults[len(faults)-1])
	}
}

func TestTolerableFiles(t *testing.T) {
	for _, tt := range []struct {
		name, content string
		warnings      []string
	}{
		{"row 30: a byte order mark", "\ufeffstudent_id,name\ns1,Ada\n", nil},
		{"row 32: semicolons", "student_id;name\ns1;Ada\n", []string{"the columns are separated by semicolons; the file was read as such"}},
		{"row 32: tabs", "student_id\tname\ns1\tAda\n", []string{"the columns are separated by tabs; the file was read as such"}},
		{"Windows lines, quotes, any order", "\"name\",\"student_id\"\r\n\"Ada\",\"s1\"\r\n", nil},
		{"space around text", "student_id,name\ns1 , Ada\n", []string{"space around the text of 2 cells was cut off, first in line 2"}},
		{"empty lines", "student_id,name\n\ns1,Ada\n\n", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := &memory{}
			diff, err := m.take(t, Students, tt.content, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if want := []Student{{ID: "s1", Name: "Ada"}}; !cmp.Equal(m.change.Students, want) {
				t.Errorf("students = %+v, want %+v", m.change.Students, want)
			}
			if !cmp.Equal(diff.Warnings, tt.warnings) {
				t.Errorf("warnings = %q, want %q", diff.Warnings, tt.warnings)
			}
		})
	}
}

func TestOptionsThatMakeNoSense(t *testing.T) {
	for _, tt := range []struct {
		kind Kind
		o    Options
		want error
	}{
		{"lecturers", Options{}, ErrKind},
		{Terms, Options{DateFormat: "us"}, ErrOption},
		{Sessions, Options{Mode: "everything"}, ErrOption},
		{Students, Options{Mode: CompleteForDates}, ErrOption},
	} {
		if _, err := smallCampus().take(t, tt.kind, "x\n", tt.o); !errors.Is(err, tt.want) {
			t.Errorf("Import(%s, %+v) = %v, want %v", tt.kind, tt.o, err, tt.want)
		}
	}
}
