;; with: base describe
;; Wants ever more memory.
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (loop $again
      (drop (memory.grow (i32.const 16)))
      (br $again))
    (unreachable))
