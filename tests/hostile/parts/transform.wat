  (func (export "transload:plugin/plugin@1.0.0#transform") (param $event i32) (result i32)
    (call $deliver
      (i32.load (i32.add (local.get $event) (i32.const 60)))
      (i32.load (i32.add (local.get $event) (i32.const 64)))))
