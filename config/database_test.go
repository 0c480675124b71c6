package config_test

import (
	"strings"
	"testing"

	"github.com/rollcall-edge/rollcall/config"
)

func TestCheckDatabase(t *testing.T) {
	const remote = "is another machine; add sslmode=verify-full"
	for _, tt := range []struct {
		place string
		want  string // part of the message; none if it is accepted
	}{
		{"/var/lib/rollcall-central/rollcall.db", ""},
		{"postgres:///rollcall", ""},
		{"postgres:///rollcall?host=/run/postgresql", ""},
		{"postgresql://rollcall@localhost:5433/rollcall", ""},
		{"postgres://rollcall@127.0.0.1/rollcall?sslmode=disable", ""},
		{"postgres://rollcall@[::1]:5432/rollcall", ""},
		{"postgres://rollcall@db.example.ac.uk/rollcall?sslmode=verify-full", ""},
		{"postgres://rollcall@db1:5432,db2:5432/rollcall?sslmode=verify-full", ""},
		{"rollcall.db", "want the absolute path"},
		{"host=db dbname=rollcall", "want the absolute path"},
		{"mysql://db/rollcall", "want the absolute path"},
		{"postgres://rollcall:hunter2@localhost/rollcall", "the password stands in the URL"},
		{"postgres://rollcall:@localhost/rollcall", "the password stands in the URL"},
		{"postgres:///rollcall?password=hunter2", "password stands in the URL"},
		{"postgres:///rollcall?passfile=/root/.pgpass", "passfile stands in the URL"},
		{"postgres://localhost", "names no database"},
		{"postgres://localhost/?sslmode=disable", "names no database"},
		{"postgres://db.example.ac.uk/rollcall", "db.example.ac.uk " + remote},
		{"postgres://db.example.ac.uk/rollcall?sslmode=require", remote},
		{"postgres://192.0.2.7:5432/rollcall?sslmode=prefer", "192.0.2.7 " + remote},
		{"postgres:///rollcall?host=db.example.ac.uk", remote},
		{"postgres://localhost,db2/rollcall", "db2 " + remote},
		{"postgres://[2001:db8::7]:5432/rollcall", "2001:db8::7 " + remote},
	} {
		err := config.CheckDatabase(tt.place)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("CheckDatabase(%s) = %v, want %q", tt.place, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("CheckDatabase(%s) repeats the password: %v", tt.place, err)
		}
	}
}
