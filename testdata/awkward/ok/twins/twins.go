// Package twins has an internal and an external test package in one directory
// that use the same test names.
package twins

// Both is what both test packages test.
const Both = 2
