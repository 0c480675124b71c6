package contract

import (
	"crypto/x509"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func exampleDirectory() Directory {
	three := []DirectoryMember{
		{Gateway: "library", Address: "10.0.0.1:7101", Voter: true, Founder: true},
		{Gateway: "science", Address: "10.0.0.2:7101", Voter: true, Founder: true},
		{Gateway: "union", Address: "10.0.0.3:7101", Voter: true},
	}
	return Directory{
		Revision: 7, MadeAt: at("2026-10-05T08:30:00Z"), Cluster: "west", Founders: three,
		Members: append(three[:3:3], DirectoryMember{Gateway: "sports", Address: "10.0.0.4:7101"}),
		Cutoffs: []Cutoff{
			{Gateway: "library", From: at("2026-09-01T00:00:00Z")},
			{Gateway: "stolen", From: at("2026-09-01T00:00:00Z"), Revoked: true},
		},
	}
}

func TestGoldenDirectory(t *testing.T) {
	got, err := SignedDirectory{Document: golden(t, "directory-v1.json", exampleDirectory())}.Decode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(exampleDirectory(), *got); diff != "" {
		t.Errorf("directory (-want +got):\n%s", diff)
	}
}

func TestRefusedDirectories(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Directory)
	}{
		{"revision 0", func(d *Directory) { d.Revision = 0 }},
		{"members of no cluster", func(d *Directory) { d.Cluster = "" }},
		{"impossible name", func(d *Directory) { d.Members[0].Gateway = "Library" }},
		{"no port", func(d *Directory) { d.Members[0].Address = "10.0.0.1" }},
		{"twice the same gateway", func(d *Directory) { d.Members[1].Gateway = "library" }},
		{"twice the same address", func(d *Directory) { d.Members[1].Address = d.Members[0].Address }},
		{"nobody with a say", func(d *Directory) {
			for i := range d.Members {
				d.Members[i].Voter = false
			}
		}},
		{"six voters", func(d *Directory) {
			for _, n := range []string{"a", "b", "c", "d"} {
				d.Members = append(d.Members, DirectoryMember{Gateway: n, Address: n + ":1", Voter: true})
			}
		}},
		{"cutoffs out of order", func(d *Directory) { d.Cutoffs[0], d.Cutoffs[1] = d.Cutoffs[1], d.Cutoffs[0] }},
		{"cutoff of nobody", func(d *Directory) { d.Cutoffs[0].Gateway = "" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := exampleDirectory()
			tt.change(&d)
			document, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := (SignedDirectory{Document: document}).Decode(); !errors.Is(err, ErrDirectory) {
				t.Errorf("Decode = %v, want ErrDirectory", err)
			}
		})
	}
}

func TestDirectoryRefusesCertificates(t *testing.T) {
	d := exampleDirectory()
	began := d.Cutoffs[0].From
	for _, tt := range []struct {
		name, gateway string
		begins        time.Time
		want          error
	}{
		{"issued at the enrolment", "library", began, nil},
		{"renewed since", "library", began.Add(time.Hour), nil},
		{"of an earlier enrolment", "library", began.Add(-time.Second), ErrSuperseded},
		{"revoked, however new", "stolen", began.AddDate(1, 0, 0), ErrRevoked},
		{"of whom nothing is said", "science", began.AddDate(-1, 0, 0), nil},
	} {
		if err := d.Refuse(tt.gateway, &x509.Certificate{NotBefore: tt.begins}); !errors.Is(err, tt.want) {
			t.Errorf("%s: Refuse = %v, want %v", tt.name, err, tt.want)
		}
	}
}

// A document from outside never panics; what is accepted says the same when it is written again.
func FuzzDecodeDirectory(f *testing.F) {
	document, err := json.Marshal(exampleDirectory())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(document)
	f.Add([]byte(`{"revision":1,"made_at":"2026-10-05T08:30:00Z","cluster":"","founders":null,"members":null,"cutoffs":null,"later":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := SignedDirectory{Document: b}.Decode()
		if err != nil {
			return
		}
		again, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		back, err := SignedDirectory{Document: again}.Decode()
		if err != nil || !cmp.Equal(d, back) {
			t.Errorf("%s reads back as %+v, %v", again, back, err)
		}
	})
}
