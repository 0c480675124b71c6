package machine

import "testing"

func TestParseJiffies(t *testing.T) {
	for _, test := range []struct {
		name, stat string
		want       jiffies
	}{
		{"whole line", "cpu  100 20 30 400 50 6 7 8 90 10\ncpu0 1 1 1 1\n", jiffies{busy: 100 + 20 + 30 + 6 + 7 + 8, all: 621}},
		{"old kernel", "cpu  100 20 30 400\n", jiffies{busy: 150, all: 550}},
		{"unreadable", "", jiffies{}},
		{"damaged", "cpu x 1 2\n", jiffies{}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := parseJiffies(test.stat); got != test.want {
				t.Errorf("parseJiffies = %+v, want %+v", got, test.want)
			}
		})
	}
}

func TestOthersIsAShare(t *testing.T) {
	u := Watch()
	for range 1 << 20 { // some time of our own
		parseJiffies("")
	}
	if got := u.Others(); got < 0 || got > 1 {
		t.Errorf("Others = %v, want 0 to 1", got)
	}
}
