"""check: measures of a finished video, and a verdict.

- request: `format`, `fps`, `frames`, `loudness`
- inputs: `video`, `ass` (or none), `fonts-<n>`
- files: `report` (JSON)
- facts: `verdict` ("pass" or "fail"), `measures` {name: value}, `failures` [text]
"""
