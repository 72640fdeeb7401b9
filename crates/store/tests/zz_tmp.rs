use agogic_store::*; use agogic_schema::*; use std::time::Instant;
#[test] fn bench() {
    let dir = std::env::temp_dir().join("agogic-bench-store"); let _=std::fs::remove_dir_all(&dir);
    let store = Store::open(&dir).unwrap();
    let key = |i:u8,a:u8| CacheKey{asset:AssetId([a;32]),profile:ProfileName::new("default").unwrap(),descriptor:DescriptorId::new(format!("t.d{i}")).unwrap()};
    let data=vec![0.25f32; 18_000_000/4/7/16*16];
    for a in 0..4 {
    let t=Instant::now();
    let ws:Vec<_>=(0..7).map(|i|{ let k=key(i,a); let h=TrackHeader{descriptor:k.descriptor.clone(),unit:"".into(),range:None,shape:Shape::Dense,channels:vec!["m".into()],bins:16,rate:44100,planes:vec![(0,512)]};
        let mut w=store.writer(k,Provenance{calculator:CalculatorId::new("t").unwrap(),version:Version::new(1,0,0),revision:Revision([0;32]),inputs:Default::default()},h).unwrap();
        for c in data.chunks(16*64){w.frames(0,c).unwrap();} w}).collect();
    let t1=t.elapsed(); let ws={let mut ws=ws; for w in &mut ws {w.finish().unwrap();} ws};
    let t2=t.elapsed(); store.publish_all(ws).unwrap();
    eprintln!("write {t1:?} finish {t2:?} published {:?}",t.elapsed());
    }
    let t=Instant::now(); let r=store.read(&key(0,0)).unwrap().unwrap(); eprintln!("read 2.5MB {:?}",t.elapsed()); drop(r);
    let t=Instant::now(); let r=store.verify(|_,_|()).unwrap(); eprintln!("verify 72MB {:?} {r:?}",t.elapsed());
    let audio=dir.join("audio"); std::fs::write(&audio,"x").unwrap(); std::thread::sleep(std::time::Duration::from_millis(200));
    let st=FileStamp::of(&audio).unwrap(); store.remember_asset(&st,&AssetId([0;32]),Some(&AssetInfo{sample_rate:1,channels:1,samples:1,codec:"x".into()})).unwrap();
    drop(store);
    for _ in 0..6 { let t=Instant::now(); let s=Store::open(&dir).unwrap(); let a=t.elapsed();
      let st=FileStamp::of(&audio).unwrap(); let x=s.asset(&st).unwrap(); assert!(x.is_some()); let b=t.elapsed(); let n=s.records(&AssetId([0;32]),None).unwrap().len(); let c=t.elapsed(); drop(s); eprintln!("open {a:?} asset {b:?} records({n}) {c:?} closed {:?}",t.elapsed()); }
    let s=Store::open(&dir).unwrap(); let mut rd=s.reader(&key(0,0)).unwrap().unwrap();
    let t=Instant::now(); for i in 0..1000u64 { rd.frames(0,i*40..i*40+64).unwrap().unwrap(); } eprintln!("64 frames {:?}",t.elapsed()/1000);
    let t=Instant::now(); for _ in 0..200 { s.reader(&key(0,0)).unwrap().unwrap(); } eprintln!("reader {:?}",t.elapsed()/200);
    let _=std::fs::remove_dir_all(&dir);
}
