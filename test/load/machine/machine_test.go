package machine

import "testing"

func TestModel(t *testing.T) {
	for _, test := range []struct{ name, cpuinfo, want string }{
		{"server", "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Processor\n", "Intel(R) Xeon(R) Processor"},
		{"Raspberry Pi", "processor\t: 0\nBogoMIPS\t: 108.00\n\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n", "Raspberry Pi 4 Model B Rev 1.4"},
		{"silent", "processor\t: 0\n", "unknown"},
		{"unreadable", "", "unknown"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := model(test.cpuinfo); got != test.want {
				t.Errorf("model = %q, want %q", got, test.want)
			}
		})
	}
}

func TestMount(t *testing.T) {
	const info = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n23 22 0:21 / /tmp rw - tmpfs tmpfs rw\ndamaged\n24 22 8:1 /\n"
	for _, test := range []struct{ number, kind, source string }{
		{"254:0", "ext4", "/dev/vda"},
		{"0:21", "tmpfs", "tmpfs"},
		{"8:1", "unknown file system", "unknown device"},
		{"9:9", "unknown file system", "unknown device"},
	} {
		if kind, source := mount(info, test.number); kind != test.kind || source != test.source {
			t.Errorf("mount(%s) = %q, %q, want %q, %q", test.number, kind, source, test.kind, test.source)
		}
	}
}

// What is asked of the machine the test runs on must at least be answered.
func TestDescribe(t *testing.T) {
	d := Describe(t.TempDir())
	for name, got := range map[string]string{"CPU": d.CPU, "Kernel": d.Kernel, "Disk": d.Disk, "Go": d.Go} {
		if got == "" {
			t.Errorf("%s is empty", name)
		}
	}
	if d.Cores < 1 {
		t.Errorf("%d cores, want at least 1", d.Cores)
	}
}
