using Baton.Cli;

return await CommandLine.RunAsync(args, Surroundings.OfProcess());
