package main

import (
	"strings"
	"testing"
)

func TestTestCommand(t *testing.T) {
	t.Parallel()
	root := rerunArgs{run: "-test.run=^TestA$", pkg: "m/a"}
	whole := rerunArgs{pkg: "m/a"}
	for _, test := range []struct {
		args, packages, dir string
		raw                 bool
		rerun               rerunArgs
		want                string
	}{
		{want: "go test -json ./..."},
		{dir: "./d", want: "go test -json ./d"},
		{packages: "./a ./b", dir: "./d", want: "go test -json ./a ./b"},
		{args: "-count=1", want: "go test -json -count=1"},
		{args: "-count=1", dir: "./d", want: "go test -json -count=1 ./d"},
		{args: "./a", packages: "./b", want: "go test -json ./a ./b"},
		{args: "-json ./a", want: "go test -json ./a"},
		{args: "./a -args -x", packages: "./b", want: "go test -json ./a ./b -args -x"},
		{args: "script x", raw: true, packages: "./b", want: "script x"},

		{rerun: root, want: "go test -json -test.run=^TestA$ m/a"},
		{rerun: whole, want: "go test -json m/a"},
		{args: "script x", raw: true, rerun: root, want: "script x -test.run=^TestA$ m/a"},
		{args: "-count=1 ./a ./b", rerun: root, want: "go test -json -test.run=^TestA$ -count=1 m/a"},
		{args: "-run Test./x -v ./...", rerun: root, want: "go test -json -test.run=^TestA$ -v m/a"},
		{args: "--run=Test -v", rerun: root, want: "go test -json -test.run=^TestA$ -v m/a"},
		{args: "-test.run Test -v", rerun: root, want: "go test -json -test.run=^TestA$ -v m/a"},
		{args: "-run Test -v ./a", rerun: whole, want: "go test -json -run Test -v m/a"},
		{args: "-tags x -race ./a -timeout 5s", rerun: root, want: "go test -json -test.run=^TestA$ -tags x -race -timeout 5s m/a"},
		{args: "./a -args ./b -run x", rerun: root, want: "go test -json -test.run=^TestA$ m/a -args ./b -run x"},
		{args: "-v a_test.go b.go", rerun: root, want: "go test -json -test.run=^TestA$ -v a_test.go b.go"},
		{args: "-v", packages: "./a", dir: "./d", rerun: root, want: "go test -json -test.run=^TestA$ -v m/a"},
	} {
		o := &options{
			args: strings.Fields(test.args), packages: strings.Fields(test.packages),
			testDirectory: test.dir, rawCommand: test.raw,
		}
		if got := strings.Join(testCommand(o, test.rerun), " "); got != test.want {
			t.Errorf("%+v: got %s", test, got)
		}
	}
}
