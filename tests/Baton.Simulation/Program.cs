using Baton.Simulation;

return Command.Run(args, Console.Out);
