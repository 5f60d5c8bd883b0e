;; with: base describe
;; Logs a text that is not UTF-8.
  (data (i32.const 1024) "\ff\fe")
  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (call $log (i32.const 0) (i32.const 1024) (i32.const 2))
    (unreachable))
