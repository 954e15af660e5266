"""The pages: views parse, call and render; no rule and no SQL of their own."""
